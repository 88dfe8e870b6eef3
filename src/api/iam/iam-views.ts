/** Identities as IAM shows them. Documents are shown as they were given, percent-encoded. */
import { entityArn } from "../../iam/entity.ts";
import type { AwsManagedPolicy } from "../../iam/aws-managed-policies.ts";
import type { EntityTag } from "../../iam/entity-tags.ts";
import type { PolicyVersionRow } from "../../iam/managed-policy.ts";
import type { IamEntityKind, IamEntityRow } from "../../store/identity-tables.ts";

/** The members' stems: `UserName`, `UserId`. */
export const nouns: Readonly<Record<IamEntityKind, string>> = { user: "User", group: "Group", role: "Role", "instance-profile": "InstanceProfile", policy: "Policy" };

export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What every entity has. */
export function toEntityView(row: IamEntityRow, tags: readonly EntityTag[] = []): Record<string, unknown> {
  const noun = nouns[row.kind];
  return {
    Path: row.path,
    [`${noun}Name`]: row.name,
    [`${noun}Id`]: row.id,
    Arn: entityArn(row),
    CreateDate: new Date(row.created_at),
    ...(row.boundary_arn === null ? {} : { PermissionsBoundary: { PermissionsBoundaryType: "PermissionsBoundaryPolicy", PermissionsBoundaryArn: row.boundary_arn } }),
    ...tagsView(tags),
  };
}

export function toRoleView(row: IamEntityRow, tags: readonly EntityTag[] = []): Record<string, unknown> {
  return {
    ...toEntityView(row, tags),
    AssumeRolePolicyDocument: encodeDocument(row.trust_policy ?? ""),
    ...(row.description === null ? {} : { Description: row.description }),
    MaxSessionDuration: row.max_session_seconds ?? 3600,
  };
}

export function toProfileView(row: IamEntityRow, roles: readonly IamEntityRow[], tags: readonly EntityTag[] = []): Record<string, unknown> {
  return { ...toEntityView(row, tags), Roles: roles.map((role) => toRoleView(role)) };
}

export interface PolicyUse {
  readonly defaultVersion: string;
  readonly attachments: number;
  readonly boundaries: number;
  readonly updatedAt: number;
}

export function toPolicyView(row: IamEntityRow, use: PolicyUse, tags: readonly EntityTag[] = []): Record<string, unknown> {
  const { CreateDate: createDate, ...view } = toEntityView(row, tags);
  return { ...view, ...useView(use), CreateDate: createDate, UpdateDate: new Date(use.updatedAt), ...(row.description === null ? {} : { Description: row.description }) };
}

/** They have been there always, in one version. */
export function toAwsPolicyView(policy: AwsManagedPolicy, attachments: number): Record<string, unknown> {
  const view = { PolicyName: policy.name, PolicyId: policy.id, Arn: policy.arn, Path: policy.path, Description: policy.description };
  return { ...view, ...useView({ defaultVersion: "v1", attachments, boundaries: 0, updatedAt: 0 }), CreateDate: new Date(0), UpdateDate: new Date(0) };
}

function useView({ defaultVersion, attachments, boundaries }: PolicyUse): Record<string, unknown> {
  return { DefaultVersionId: defaultVersion, AttachmentCount: attachments, PermissionsBoundaryUsageCount: boundaries, IsAttachable: true };
}

export function toVersionView(row: PolicyVersionRow, withDocument: boolean): Record<string, unknown> {
  return { VersionId: row.version, IsDefaultVersion: row.is_default === 1, CreateDate: new Date(row.created_at), ...(withDocument ? { Document: encodeDocument(row.document) } : {}) };
}

export function tagsView(tags: readonly EntityTag[]): { Tags?: { Key: string; Value: string }[] } {
  return tags.length === 0 ? {} : { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) };
}

export function toAttachedView(arn: string): { PolicyName: string; PolicyArn: string } {
  return { PolicyName: arn.split("/").at(-1) ?? "", PolicyArn: arn };
}
