/** Hosts that are declared dead or take no new work, and instances that go to another host when theirs has died. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { hosts: "i?failed_at i=0 draining", instances: "i=1 auto_recovery i?recovering_since" });
}
