/** Deleting a user, a group, a role or an instance profile: only when nothing is of it any more (IAM never cascades). */
import { deleteConflict } from "../base/api-error.ts";
import type { IamEntityRow } from "../store/identity-tables.ts";
import type { Tx } from "../store/store.ts";
import { listAccessKeys } from "./access-key.ts";
import { deleteEntity } from "./entity.ts";
import { listAttachedPolicies, listInlinePolicies } from "./entity-policies.ts";
import { listContainers, listMembers } from "./members.ts";

export async function removeEntity(tx: Tx, row: IamEntityRow): Promise<void> {
  const refuse = (what: string) => deleteConflict(`Cannot delete entity, must ${what} first.`);
  if ((await listAttachedPolicies(tx, row.id)).length > 0) throw refuse("detach all policies");
  if ((await listInlinePolicies(tx, row.id)).length > 0) throw refuse("delete policies");
  if ((await listContainers(tx, row.id)).length > 0) throw refuse(row.kind === "user" ? "remove users from group" : "remove roles from instance profile");
  if ((await listMembers(tx, row.id)).length > 0) throw refuse(row.kind === "group" ? "remove users from group" : "remove roles from instance profile");
  if (row.kind === "user" && (await listAccessKeys(tx, { account: row.account, userId: row.id })).length > 0) throw refuse("delete access keys");
  await deleteEntity(tx, row);
}
