/** Passwords and MFA devices of people, and the browsers in which they have signed in. */
import type { Kysely } from "kysely";
import { createIndexes, createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  passwords: "t!user_id t account t hash i reset_required i created_at",
  mfa_devices: "t!serial t account t?user_id t seed i?enabled_at i last_step i created_at",
  browser_sessions: "t!id t account t?user_id i created_at i expires_at",
};

const indexes = ["mfa_devices user_id", "browser_sessions user_id", "browser_sessions expires_at"];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await createIndexes(db, indexes, "sign_in");
}
