/**
 * The credentials of an instance's role, as its metadata has them: made anew well before they end, when the profile is another, and when the profile has
 * another role. On the instance's row they are sealed, and so are they in the specification until its host reads it.
 */
import type { Random } from "../base/random.ts";
import { readTrust, type PolicyCache } from "../iam/authorize.ts";
import { entityArn } from "../iam/entity.ts";
import { listMembers } from "../iam/members.ts";
import { decide } from "../iam/policy/evaluate.ts";
import { seal, unseal, type SecretKey } from "../iam/secret.ts";
import { issueCredentials } from "../iam/session.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { IamEntityRow } from "../store/identity-tables.ts";
import type { Tx } from "../store/store.ts";
import { associationOf } from "./instance-profile.ts";

export interface RoleCredentials {
  readonly associationId: string;
  readonly roleId: string;
  readonly roleName: string;
  /** The text that metadata answers, sealed. */
  readonly document: string;
  /** When they are to be made anew, in milliseconds since 1970. */
  readonly renewAt: number;
}

export interface CredentialParts {
  readonly secretKey: SecretKey;
  readonly random: Random;
  readonly policies: PolicyCache;
}

const lifetimeMs = 6 * 3_600_000;
const renewBeforeMs = 3_600_000;
/** A role that does not trust EC2 may do so soon. */
const retryMs = 60_000;

export function credentialsOf({ role_credentials: text }: Pick<InstanceRow, "role_credentials">): RoleCredentials | undefined {
  return text === null ? undefined : (JSON.parse(text) as RoleCredentials); // written here
}

/** The row with the credentials that it is to have now. */
export async function refreshCredentials(tx: Tx, instance: InstanceRow, parts: CredentialParts, now: number): Promise<InstanceRow> {
  const association = associationOf(instance);
  const [role] = association === undefined ? [] : await listMembers(tx, association.profileId);
  const standing = credentialsOf(instance);
  if (association === undefined || role === undefined) return standing === undefined ? instance : store(tx, instance, undefined);
  if (standing?.associationId === association.id && standing.roleId === role.id && now < standing.renewAt) return instance;
  const made = makeDocument(instance, role, parts, now);
  const document = seal(parts.secretKey, purposeOf(instance.id), JSON.stringify(made.document), parts.random);
  return store(tx, instance, { associationId: association.id, roleId: role.id, roleName: role.name, document, renewAt: made.renewAt });
}

/** What was sealed for the instance, in the clear. */
export function openDocument(secretKey: SecretKey, instanceId: string, sealed: string): string {
  const document = unseal(secretKey, purposeOf(instanceId), sealed);
  if (document === undefined) throw new Error(`the role credentials of ${instanceId} cannot be opened with this installation's key`);
  return document;
}

function makeDocument(instance: InstanceRow, role: IamEntityRow, { secretKey, random, policies }: CredentialParts, now: number): { readonly document: object; readonly renewAt: number } {
  const updated = { LastUpdated: toSeconds(now) };
  if (!isTrusted(role, policies)) {
    const Message = `EC2 cannot assume the role ${role.name}. Its trust policy must allow sts:AssumeRole to the service ec2.amazonaws.com.`;
    return { document: { Code: "AssumeRoleUnauthorizedAccess", Message, ...updated }, renewAt: now + retryMs };
  }
  const instanceArn = `arn:aws:ec2:${instance.region}:${instance.account}:instance/${instance.id}`;
  const limits = { policies: null, policyArns: [], tags: {} };
  const session = { kind: "role", account: role.account, entityId: role.id, name: instance.id, ...limits, issuedAt: now, expiresAt: now + lifetimeMs, instanceArn } as const;
  const { accessKeyId, secret, token, expiresAt } = issueCredentials(secretKey, session, random);
  const document = { Code: "Success", ...updated, Type: "AWS-HMAC", AccessKeyId: accessKeyId, SecretAccessKey: secret, Token: token, Expiration: toSeconds(expiresAt) };
  return { document, renewAt: expiresAt - renewBeforeMs };
}

function isTrusted(role: IamEntityRow, cache: PolicyCache): boolean {
  const roleArn = entityArn(role);
  const resource = readTrust({ account: role.account, document: role.trust_policy ?? undefined }, roleArn, cache);
  const principal = { account: role.account, arn: "ec2.amazonaws.com", isService: true };
  return decide({ identity: [], resource }, { principal, action: "sts:AssumeRole", resource: roleArn, trusted: true, context: new Map() }).outcome === "allowed";
}

async function store(tx: Tx, instance: InstanceRow, credentials: RoleCredentials | undefined): Promise<InstanceRow> {
  const role_credentials = credentials === undefined ? null : JSON.stringify(credentials);
  await tx.db.updateTable("instances").set({ role_credentials }).where("id", "=", instance.id).execute();
  return { ...instance, role_credentials };
}

/** `2012-04-26T16:39:16Z`. */
function toSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}

function purposeOf(instanceId: string): string {
  return `role credentials of ${instanceId}`;
}
