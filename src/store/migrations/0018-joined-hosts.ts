/** Machines that have joined as hosts, and the tokens by which they do. */
import type { Kysely } from "kysely";
import { createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  join_tokens: "t!digest t zone t?host_id i created_at i expires_at i?used_at t?public_key",
  joined_hosts: "t!host_id t public_key i joined_at",
};

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
}
