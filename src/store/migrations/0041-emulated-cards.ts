/** Instances whose interfaces are cards that the hypervisor plays. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { instances: "i=0 emulated_cards" });
}
