/** Deleting a user, a group, a role or an instance profile: only when nothing is of it any more (IAM never cascades). */
import { deleteConflict, type ApiError } from "../base/api-error.ts";
import type { IamEntityRow } from "../store/identity-tables.ts";
import type { Tx } from "../store/store.ts";
import { listAccessKeys } from "./access-key.ts";
import { deleteEntity } from "./entity.ts";
import { listAttachedPolicies, listInlinePolicies } from "./entity-policies.ts";
import { findLoginProfile } from "./login-profile.ts";
import { listMfaDevices } from "./mfa-device.ts";
import { listContainers, listMembers } from "./members.ts";
import { userPerson, type Person } from "./person.ts";

export async function removeEntity(tx: Tx, row: IamEntityRow): Promise<void> {
  const refuse = (what: string) => deleteConflict(`Cannot delete entity, must ${what} first.`);
  if ((await listAttachedPolicies(tx, row.id)).length > 0) throw refuse("detach all policies");
  if ((await listInlinePolicies(tx, row.id)).length > 0) throw refuse("delete policies");
  if ((await listContainers(tx, row.id)).length > 0) throw refuse(row.kind === "user" ? "remove users from group" : "remove roles from instance profile");
  if ((await listMembers(tx, row.id)).length > 0) throw refuse(row.kind === "group" ? "remove users from group" : "remove roles from instance profile");
  if (row.kind === "user") await refuseSignIn(tx, userPerson(row), refuse);
  await deleteEntity(tx, row);
}

async function refuseSignIn(tx: Tx, user: Person, refuse: (what: string) => ApiError): Promise<void> {
  if ((await listAccessKeys(tx, user)).length > 0) throw refuse("delete access keys");
  if ((await findLoginProfile(tx, user)) !== undefined) throw refuse("delete login profile");
  if ((await listMfaDevices(tx, user)).length > 0) throw refuse("delete MFA device");
}
