/** Managed policies, of an account and of everybody, with their versions. */
import { deleteConflict, identityLimitExceeded, invalidIdentityInput, malformedPolicyDocument, noSuchEntity } from "../base/api-error.ts";
import type { IamEntityRow, IdentityTables } from "../store/identity-tables.ts";
import { insertRow, prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { findAwsManagedPolicy, type AwsManagedPolicy } from "./aws-managed-policies.ts";
import { changeEntity, deleteEntity, entityArn, findEntity } from "./entity.ts";
import { parsePolicy } from "./policy/parse-policy.ts";

export type PolicyVersionRow = IdentityTables["iam_policy_versions"];

const versionLimit = 5;
const documentLength = 6144;

/** What an ARN of a policy names, if it is there. */
export type ManagedPolicy = { readonly aws: AwsManagedPolicy } | { readonly row: IamEntityRow };

export async function findManagedPolicy(tx: Tx, account: string, arn: string): Promise<ManagedPolicy | undefined> {
  const aws = findAwsManagedPolicy(arn);
  if (aws !== undefined) return { aws };
  const [prefix, rest] = [`arn:aws:iam::${account}:policy/`, arn.split("/").at(-1) ?? ""];
  const row = arn.startsWith(prefix) ? await findEntity(tx, account, "policy", rest) : undefined;
  return row === undefined || entityArn(row) !== arn ? undefined : { row };
}

export async function requireManagedPolicy(tx: Tx, account: string, arn: string): Promise<ManagedPolicy> {
  const policy = await findManagedPolicy(tx, account, arn);
  if (policy === undefined) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** One that the account may change. */
export async function requireOwnPolicy(tx: Tx, account: string, arn: string): Promise<IamEntityRow> {
  const policy = await requireManagedPolicy(tx, account, arn);
  if ("aws" in policy) throw invalidIdentityInput(`Policy ${arn} is managed by AWS and cannot be changed.`);
  return policy.row;
}

/** The documents in force of the ARNs that name a policy, for those that do. */
export async function readDefaultDocuments(tx: Tx, account: string, arns: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const names = new Map<string, string>();
  for (const arn of arns) {
    const aws = findAwsManagedPolicy(arn);
    if (aws !== undefined) found.set(arn, aws.document);
    else names.set((arn.split("/").at(-1) ?? "").toLowerCase(), arn);
  }
  if (names.size === 0) return found;
  for (const row of await selectDefaults(tx, [...names.keys()])) {
    if (row.account !== account) continue;
    const arn = entityArn({ ...row, kind: "policy" });
    if (arns.includes(arn)) found.set(arn, row.document);
  }
  return found;
}

const selectDefaults = prepareForList((db, names: readonly string[]) =>
  db
    .selectFrom("iam_entities")
    .innerJoin("iam_policy_versions", "policy_id", "iam_entities.id")
    .select(["account", "name", "path", "document"])
    .where("kind", "=", "policy")
    .where("folded_name", "in", names)
    .where("is_default", "=", 1),
);

/** A document that a managed policy may have; as it is. */
export function requireManagedDocument(document: string): string {
  if (document.replace(/\s/g, "").length > documentLength) throw identityLimitExceeded(`Cannot exceed quota for PolicySize: ${documentLength}`);
  if (parsePolicy(document, "identity").version !== "2012-10-17") throw malformedPolicyDocument("Policy document must be version 2012-10-17 or greater.");
  return document;
}

/** The newest first. */
export async function listPolicyVersions(tx: Tx, policyId: string): Promise<PolicyVersionRow[]> {
  const rows = await tx.db.selectFrom("iam_policy_versions").selectAll().where("policy_id", "=", policyId).execute();
  return rows.toSorted((a, b) => numberOf(b.version) - numberOf(a.version));
}

export async function requirePolicyVersion(tx: Tx, row: IamEntityRow, version: string): Promise<PolicyVersionRow> {
  const found = (await listPolicyVersions(tx, row.id)).find((each) => each.version === version);
  if (found === undefined) throw noSuchEntity(`Policy ${entityArn(row)} version ${version} does not exist or is not attachable.`);
  return found;
}

/** Versions count from `v1`; a number is never used again. */
export async function addPolicyVersion(tx: Tx, row: IamEntityRow, document: string, isDefault: boolean, now: number): Promise<PolicyVersionRow> {
  if ((await listPolicyVersions(tx, row.id)).length >= versionLimit) {
    throw identityLimitExceeded(`A managed policy can have up to ${versionLimit} versions. Before you create a new version, you must delete an existing version.`);
  }
  const count = (row.version_count ?? 0) + 1;
  await changeEntity(tx, row, { version_count: count });
  const version: PolicyVersionRow = { policy_id: row.id, version: `v${count}`, document, is_default: 0, created_at: now };
  await insertRow(tx, "iam_policy_versions", version);
  if (!isDefault) return version;
  await setDefaultVersion(tx, version);
  return { ...version, is_default: 1 };
}

export async function setDefaultVersion(tx: Tx, { policy_id: id, version }: PolicyVersionRow): Promise<void> {
  await tx.db.updateTable("iam_policy_versions").set({ is_default: 0 }).where("policy_id", "=", id).execute();
  await tx.db.updateTable("iam_policy_versions").set({ is_default: 1 }).where("policy_id", "=", id).where("version", "=", version).execute();
}

export async function deletePolicyVersion(tx: Tx, { policy_id: id, version, is_default: isDefault }: PolicyVersionRow): Promise<void> {
  if (isDefault === 1) throw deleteConflict("Cannot delete the default version of a policy.");
  await tx.db.deleteFrom("iam_policy_versions").where("policy_id", "=", id).where("version", "=", version).execute();
}

/** Fails while anything uses it, and while it has versions besides the one in force. */
export async function deleteManagedPolicy(tx: Tx, row: IamEntityRow): Promise<void> {
  const arn = entityArn(row);
  const attached = await tx.db.selectFrom("iam_attachments").select("entity_id").where("policy_arn", "=", arn).executeTakeFirst();
  const bounded = await tx.db.selectFrom("iam_entities").select("id").where("boundary_arn", "=", arn).executeTakeFirst();
  if (attached !== undefined || bounded !== undefined) throw deleteConflict("Cannot delete a policy attached to entities.");
  const versions = await listPolicyVersions(tx, row.id);
  if (versions.length > 1) throw deleteConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.");
  await tx.db.deleteFrom("iam_policy_versions").where("policy_id", "=", row.id).execute();
  await deleteEntity(tx, row);
}

function numberOf(version: string): number {
  return Number(version.slice(1));
}
