/** The largest host of a region, which placement asks for, without a look at all of them. */
import type { Kysely } from "kysely";
import { createIndexes } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createIndexes(db, ["host_rooms region vcpus", "host_rooms region memory_mib"], "host_sizes");
}
