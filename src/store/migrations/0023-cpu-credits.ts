/** CPU credits of burstable instances: what a run began with, and what its host said last. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { instances: "t?credits_at_start t?observed_credits" });
}
