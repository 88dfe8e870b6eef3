/** Flow logs of VPCs, subnets and interfaces. */
import type { Kysely } from "kysely";
import { createIndexes, createTables } from "./columns.ts";

const flowLog =
  "t!id t account t region t resource_id t vpc_id t traffic i interval_seconds t format t destination_type t destination t?log_group t?permission_arn i created_at";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, { flow_logs: flowLog });
  await createIndexes(db, ["flow_logs account region", "flow_logs vpc_id", "flow_logs resource_id"], "flow");
}
