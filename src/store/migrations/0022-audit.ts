/** What LookupEvents shows of a call besides who made it. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { audit_events: "t='' username i=0 read_only t='' detail" });
}
