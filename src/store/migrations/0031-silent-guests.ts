/** Since when guests do not answer. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { instances: "i?observed_silent_since" });
}
