/**
 * Somebody signed in with a browser. The browser has a token that says nothing; what is kept is its hash, so a copy of the database signs nobody in. A
 * session ends by itself, by signing out, and with its person's password.
 */
import { createHash } from "node:crypto";
import type { Random } from "../base/random.ts";
import type { BrowserSessionRow } from "../store/identity-tables.ts";
import { insertRow } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { entityArn, findEntityById } from "./entity.ts";
import { rootArn, type Principal } from "./identity.ts";
import { isRootPerson, type PersonKey } from "./person.ts";

export const sessionMs = 12 * 3_600_000;

/** The session's token. */
export async function beginSession(tx: Tx, person: PersonKey, withMfa: boolean, random: Random, now: number): Promise<string> {
  const token = Buffer.from(random.bytes(32)).toString("base64url");
  await tx.db.deleteFrom("browser_sessions").where("expires_at", "<=", now).execute();
  const row: BrowserSessionRow = { id: idOf(token), account: person.account, user_id: userColumn(person), with_mfa: withMfa ? 1 : 0, created_at: now, expires_at: now + sessionMs };
  await insertRow(tx, "browser_sessions", row);
  return token;
}

/** Undefined when the session is over or its user gone. */
export async function findSessionPrincipal(tx: Tx, token: string, now: number): Promise<Principal | undefined> {
  const row = await tx.db.selectFrom("browser_sessions").selectAll().where("id", "=", idOf(token)).where("expires_at", ">", now).executeTakeFirst();
  if (row === undefined) return undefined;
  const { account, user_id: userId, created_at: issuedAt } = row;
  const signedIn = row.with_mfa === 1 ? { issuedAt, mfaAt: issuedAt } : { issuedAt };
  if (userId === null) return { account, arn: rootArn(account), userId: account, signedIn };
  const entity = await findEntityById(tx, userId);
  return entity && { account, arn: entityArn(entity), userId, entity, signedIn };
}

export async function endSession(tx: Tx, token: string): Promise<void> {
  await tx.db.deleteFrom("browser_sessions").where("id", "=", idOf(token)).execute();
}

export async function endSessionsOf(tx: Tx, person: PersonKey): Promise<void> {
  await tx.db.deleteFrom("browser_sessions").where("account", "=", person.account).where("user_id", "is", userColumn(person)).execute();
}

function userColumn(person: PersonKey): string | null {
  return isRootPerson(person) ? null : person.userId;
}

function idOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
