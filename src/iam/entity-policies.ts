/** The policies of a user, a group or a role: managed ones that are attached, inline ones, and the boundary. */
import { identityLimitExceeded, noSuchEntity, policyNotAttachable } from "../base/api-error.ts";
import type { IamEntityRow } from "../store/identity-tables.ts";
import { insertRow, prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { changeEntity } from "./entity.ts";
import { findManagedPolicy } from "./managed-policy.ts";
import { parsePolicy } from "./policy/parse-policy.ts";

const attachmentLimit = 10;
/** All inline policies of one together, without white space (facts §10.7). */
const inlineLengths: Readonly<Partial<Record<IamEntityRow["kind"], number>>> = { user: 2048, group: 5120, role: 10_240 };

/** ARNs, in the order in which they were attached. */
export async function listAttachedPolicies(tx: Tx, entityId: string): Promise<string[]> {
  const rows = await tx.db.selectFrom("iam_attachments").select("policy_arn").where("entity_id", "=", entityId).orderBy("created_at").orderBy("policy_arn").execute();
  return rows.map((row) => row.policy_arn);
}

/** Attached already: fine. */
export async function attachPolicy(tx: Tx, entity: IamEntityRow, arn: string, now: number): Promise<void> {
  if ((await findManagedPolicy(tx, entity.account, arn)) === undefined) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  const attached = await listAttachedPolicies(tx, entity.id);
  if (attached.includes(arn)) return;
  const quota = `PoliciesPer${entity.kind.charAt(0).toUpperCase()}${entity.kind.slice(1)}`;
  if (attached.length >= attachmentLimit) throw identityLimitExceeded(`Cannot exceed quota for ${quota}: ${attachmentLimit}`);
  await insertRow(tx, "iam_attachments", { entity_id: entity.id, policy_arn: arn, created_at: now });
}

export async function detachPolicy(tx: Tx, entity: IamEntityRow, arn: string): Promise<void> {
  if (!(await listAttachedPolicies(tx, entity.id)).includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
  await tx.db.deleteFrom("iam_attachments").where("entity_id", "=", entity.id).where("policy_arn", "=", arn).execute();
}

export interface InlinePolicy {
  readonly name: string;
  /** As it was given. */
  readonly document: string;
}

/** In order of their names. */
export async function listInlinePolicies(tx: Tx, entityId: string): Promise<InlinePolicy[]> {
  return tx.db.selectFrom("iam_inline_policies").select(["name", "document"]).where("entity_id", "=", entityId).orderBy("name").execute();
}

export async function requireInlinePolicy(tx: Tx, { id, kind }: IamEntityRow, name: string): Promise<InlinePolicy> {
  const policy = (await listInlinePolicies(tx, id)).find((each) => each.name === name);
  if (policy === undefined) throw noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`);
  return policy;
}

export async function putInlinePolicy(tx: Tx, entity: IamEntityRow, policy: InlinePolicy): Promise<void> {
  parsePolicy(policy.document, "identity");
  const others = (await listInlinePolicies(tx, entity.id)).filter(({ name }) => name !== policy.name);
  const limit = inlineLengths[entity.kind] ?? 0;
  const length = [...others, policy].reduce((sum, { document }) => sum + document.replace(/\s/g, "").length, 0);
  if (length > limit) throw identityLimitExceeded(`Maximum policy size of ${limit} bytes exceeded for ${entity.kind} ${entity.name}`);
  await tx.db
    .insertInto("iam_inline_policies")
    .values({ entity_id: entity.id, ...policy })
    .onConflict((conflict) => conflict.columns(["entity_id", "name"]).doUpdateSet({ document: policy.document }))
    .execute();
}

export async function deleteInlinePolicy(tx: Tx, entity: IamEntityRow, name: string): Promise<void> {
  await requireInlinePolicy(tx, entity, name);
  await tx.db.deleteFrom("iam_inline_policies").where("entity_id", "=", entity.id).where("name", "=", name).execute();
}

/** `undefined`: no limit any more. */
export async function setBoundary(tx: Tx, entity: IamEntityRow, arn: string | undefined): Promise<void> {
  if (arn !== undefined) await requireBoundary(tx, entity.account, arn);
  await changeEntity(tx, entity, { boundary_arn: arn ?? null });
}

/** A policy that may limit somebody: one that is there. */
export async function requireBoundary(tx: Tx, account: string, arn: string): Promise<string> {
  if ((await findManagedPolicy(tx, account, arn)) !== undefined) return arn;
  throw /^arn:aws:iam::\w+:policy\//.test(arn) ? noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`) : policyNotAttachable(`ARN ${arn} is not a permissions boundary.`);
}

/** Of several entities at once: who has which managed policies. */
export const selectAttachments = prepareForList((db, ids: readonly string[]) =>
  db.selectFrom("iam_attachments").select(["entity_id", "policy_arn"]).where("entity_id", "in", ids),
);

export const selectInlinePolicies = prepareForList((db, ids: readonly string[]) =>
  db.selectFrom("iam_inline_policies").select(["entity_id", "name", "document"]).where("entity_id", "in", ids),
);
