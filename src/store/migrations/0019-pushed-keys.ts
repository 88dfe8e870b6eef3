/** Keys that EC2 Instance Connect pushed and that are good for a minute. */
import type { Kysely } from "kysely";
import { createIndexes, createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  connect_keys: "t!request_id t instance_id t os_user t block t signature i expires_at",
  serial_keys: "t!request_id t instance_id t public_key t caller_arn i expires_at",
};

const indexes: readonly string[] = ["connect_keys instance_id", "serial_keys instance_id"];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await createIndexes(db, indexes, "pushed");
}
