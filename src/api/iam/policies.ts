/** Managed policies and their versions. Those that AWS manages can be seen and used by everybody, and changed by nobody. */
import { noSuchEntity } from "../../base/api-error.ts";
import { awsManagedPolicies, findAwsManagedPolicy } from "../../iam/aws-managed-policies.ts";
import { createEntity, entityArn, listEntities, requireEntityName, requirePath } from "../../iam/entity.ts";
import { listEntityTags, parseEntityTags, putEntityTags } from "../../iam/entity-tags.ts";
import {
  addPolicyVersion,
  deleteManagedPolicy,
  deletePolicyVersion,
  listPolicyVersions,
  requireManagedDocument,
  requireManagedPolicy,
  requireOwnPolicy,
  requirePolicyVersion,
  setDefaultVersion,
  type ManagedPolicy,
  type PolicyVersionRow,
} from "../../iam/managed-policy.ts";
import type { IamEntityRow } from "../../store/identity-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionName } from "../../wire/action-types.ts";
import type { Action } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { accountAction, arnsOf, optionalText, paged, text, type IamCall } from "./iam-action.ts";
import { toAwsPolicyView, toPolicyView, toVersionView, type PolicyUse } from "./iam-views.ts";

async function viewPolicy(tx: Tx, policy: ManagedPolicy, withTags: boolean): Promise<Record<string, unknown>> {
  if ("aws" in policy) return toAwsPolicyView(policy.aws, await countAttachments(tx, policy.aws.arn));
  return toPolicyView(policy.row, await readUse(tx, policy.row), withTags ? await listEntityTags(tx, policy.row.id) : []);
}

async function readUse(tx: Tx, row: IamEntityRow): Promise<PolicyUse> {
  const [versions, arn] = [await listPolicyVersions(tx, row.id), entityArn(row)];
  const bounded = await tx.db.selectFrom("iam_entities").select("id").where("boundary_arn", "=", arn).execute();
  const defaultVersion = versions.find((version) => version.is_default === 1)?.version ?? "v1";
  return { defaultVersion, attachments: await countAttachments(tx, arn), boundaries: bounded.length, updatedAt: Math.max(...versions.map((version) => version.created_at)) };
}

async function countAttachments(tx: Tx, arn: string): Promise<number> {
  return (await tx.db.selectFrom("iam_attachments").select("entity_id").where("policy_arn", "=", arn).execute()).length;
}

const CreatePolicy = accountAction({
  name: "CreatePolicy",
  resource: (call) => arnsOf(call, "policy", optionalText(call.input, "Path") ?? "/", text(call.input, "PolicyName")),
  apply: async ({ input, caller, tx, random, now }) => {
    const name = requireEntityName("policy", "policyName", text(input, "PolicyName"));
    const document = requireManagedDocument(text(input, "PolicyDocument"));
    const tags = parseEntityTags(input.Tags);
    const more = { description: optionalText(input, "Description") ?? null, version_count: 0 };
    const row = await createEntity(tx, { account: caller.account, kind: "policy", name, path: requirePath(optionalText(input, "Path")) }, more, random, now);
    await addPolicyVersion(tx, row, document, true, now);
    await putEntityTags(tx, row, tags);
    return { Policy: await viewPolicy(tx, { row }, true) };
  },
});

/** What the actions on one policy have in common. */
function policyAction(name: ActionName<"iam">, apply: (arn: string, call: IamCall) => Promise<object>, readOnly = false): Action {
  return accountAction({ name, readOnly, resource: ({ input }) => text(input, "PolicyArn"), apply: (call) => apply(text(call.input, "PolicyArn"), call) });
}

const GetPolicy = policyAction("GetPolicy", async (arn, { caller, tx }) => ({ Policy: await viewPolicy(tx, await requireManagedPolicy(tx, caller.account, arn), true) }), true);

const DeletePolicy = policyAction("DeletePolicy", async (arn, { caller, tx }) => {
  await deleteManagedPolicy(tx, await requireOwnPolicy(tx, caller.account, arn));
  return {};
});

const ListPolicies = accountAction({
  name: "ListPolicies",
  readOnly: true,
  supported: "whole; PolicyUsageFilter for permissions policies",
  resource: (call) => arnsOf(call, "policy", optionalText(call.input, "PathPrefix") ?? "/", ""),
  apply: async (call) => {
    const { input, caller, tx } = call;
    const [scope, prefix] = [optionalText(input, "Scope") ?? "All", optionalText(input, "PathPrefix") ?? "/"];
    const own = scope === "AWS" ? [] : await listEntities(tx, caller.account, "policy", prefix);
    const aws = scope === "Local" ? [] : awsManagedPolicies.filter(({ path }) => path.startsWith(prefix));
    const views = await inTurn<ManagedPolicy, Record<string, unknown>>([...own.map((row) => ({ row })), ...aws.map((policy) => ({ aws: policy }))], (policy) => viewPolicy(tx, policy, false));
    const shown = input["OnlyAttached"] === true ? views.filter((view) => Number(view["AttachmentCount"]) > 0) : views;
    const { page, end } = paged("ListPolicies", shown, (view) => String(view["Arn"]), call);
    return { Policies: page, ...end };
  },
});

const CreatePolicyVersion = policyAction("CreatePolicyVersion", async (arn, { input, caller, tx, now }) => {
  const document = requireManagedDocument(text(input, "PolicyDocument"));
  const row = await requireOwnPolicy(tx, caller.account, arn);
  return { PolicyVersion: toVersionView(await addPolicyVersion(tx, row, document, input.SetAsDefault === true, now), false) };
});

/** Those of AWS have one. */
async function readVersions(tx: Tx, account: string, arn: string): Promise<PolicyVersionRow[]> {
  const policy = await requireManagedPolicy(tx, account, arn);
  return "row" in policy ? listPolicyVersions(tx, policy.row.id) : [{ policy_id: policy.aws.id, version: "v1", document: policy.aws.document, is_default: 1, created_at: 0 }];
}

const GetPolicyVersion = policyAction(
  "GetPolicyVersion",
  async (arn, { input, caller, tx }) => {
    const wanted = text(input, "VersionId");
    const version = (await readVersions(tx, caller.account, arn)).find((each) => each.version === wanted);
    if (version === undefined) throw noSuchEntity(`Policy ${arn} version ${wanted} does not exist or is not attachable.`);
    return { PolicyVersion: toVersionView(version, true) };
  },
  true,
);

const ListPolicyVersions = policyAction(
  "ListPolicyVersions",
  async (arn, call) => {
    const versions = await readVersions(call.tx, call.caller.account, arn);
    const { page, end } = paged("ListPolicyVersions", versions, (row) => String(1e9 - Number(row.version.slice(1))), call);
    return { Versions: page.map((row) => toVersionView(row, false)), ...end };
  },
  true,
);

const SetDefaultPolicyVersion = policyAction("SetDefaultPolicyVersion", async (arn, { input, caller, tx }) => {
  await setDefaultVersion(tx, await requirePolicyVersion(tx, await requireOwnPolicy(tx, caller.account, arn), text(input, "VersionId")));
  return {};
});

const DeletePolicyVersion = policyAction("DeletePolicyVersion", async (arn, { input, caller, tx }) => {
  await deletePolicyVersion(tx, await requirePolicyVersion(tx, await requireOwnPolicy(tx, caller.account, arn), text(input, "VersionId")));
  return {};
});

const ListEntitiesForPolicy = policyAction(
  "ListEntitiesForPolicy",
  async (arn, call) => {
    const { input, caller, tx } = call;
    if (findAwsManagedPolicy(arn) === undefined) await requireManagedPolicy(tx, caller.account, arn);
    const attached = tx.db.selectFrom("iam_entities").innerJoin("iam_attachments", "entity_id", "iam_entities.id").selectAll("iam_entities").where("policy_arn", "=", arn);
    const rows = await attached.where("account", "=", caller.account).execute();
    const wanted = optionalText(input, "EntityFilter")?.toLowerCase();
    const { page, end } = paged("ListEntitiesForPolicy", rows.filter((row) => wanted === undefined || row.kind === wanted), (row) => `${row.kind} ${row.folded_name}`, call);
    const of = (kind: string) => page.filter((row) => row.kind === kind);
    return {
      PolicyUsers: of("user").map((row) => ({ UserName: row.name, UserId: row.id })),
      PolicyGroups: of("group").map((row) => ({ GroupName: row.name, GroupId: row.id })),
      PolicyRoles: of("role").map((row) => ({ RoleName: row.name, RoleId: row.id })),
      ...end,
    };
  },
  true,
);

export const policyActions: readonly Action[] = [
  CreatePolicy,
  GetPolicy,
  ListPolicies,
  DeletePolicy,
  CreatePolicyVersion,
  GetPolicyVersion,
  ListPolicyVersions,
  SetDefaultPolicyVersion,
  DeletePolicyVersion,
  ListEntitiesForPolicy,
];
