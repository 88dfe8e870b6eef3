/** Passwords of users and roots, as rows: a person has one or none. */
import { entityAlreadyExists, noSuchEntity } from "../base/api-error.ts";
import type { PasswordRow } from "../store/identity-tables.ts";
import { insertRow } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { endSessionsOf } from "./browser-session.ts";
import type { Person, PersonKey } from "./person.ts";

export async function findLoginProfile(tx: Tx, { userId }: PersonKey): Promise<PasswordRow | undefined> {
  return tx.db.selectFrom("passwords").selectAll().where("user_id", "=", userId).executeTakeFirst();
}

export async function requireLoginProfile(tx: Tx, person: Person): Promise<PasswordRow> {
  const found = await findLoginProfile(tx, person);
  if (found === undefined) throw noSuchEntity(`Login Profile for User ${person.name} cannot be found.`);
  return found;
}

export async function createLoginProfile(tx: Tx, person: Person, hash: string, resetRequired: boolean, now: number): Promise<PasswordRow> {
  if ((await findLoginProfile(tx, person)) !== undefined) throw entityAlreadyExists(`Login Profile for user ${person.name} already exists.`);
  const row: PasswordRow = { user_id: person.userId, account: person.account, hash, reset_required: resetRequired ? 1 : 0, created_at: now };
  await insertRow(tx, "passwords", row);
  return row;
}

/** A new password ends whatever was opened with the old one. */
export async function changeLoginProfile(tx: Tx, person: PersonKey, change: { readonly hash?: string | undefined; readonly resetRequired?: boolean | undefined }): Promise<void> {
  const columns = { ...(change.hash === undefined ? {} : { hash: change.hash }), ...(change.resetRequired === undefined ? {} : { reset_required: change.resetRequired ? (1 as const) : (0 as const) }) };
  if (Object.keys(columns).length > 0) await tx.db.updateTable("passwords").set(columns).where("user_id", "=", person.userId).execute();
  if (change.hash !== undefined) await endSessionsOf(tx, person);
}

export async function deleteLoginProfile(tx: Tx, person: PersonKey): Promise<void> {
  await tx.db.deleteFrom("passwords").where("user_id", "=", person.userId).execute();
  await endSessionsOf(tx, person);
}
