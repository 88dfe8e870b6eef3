/** Sums of rows as rows of their own, so that a launch need not look at every instance and volume before it; and no indexes that no query needs. */
import { type Kysely, sql } from "kysely";
import { createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  host_loads: "t!region t!host_id i vcpus i memory_mib",
  volume_sums: "t!account t!region t!type i size_gib i iops",
};

/** Of sums that are rows now; the beginnings of `volume_attachments instance_id device` and of that table's key; and `instances host_id`, which nobody asks for. */
const needless = ["volumes_sums_1", "host_reservations_index_1", "volume_attachments_index_4", "volume_attachments_storage_3", "instances_index_12"];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await sql`insert into host_loads (region, host_id, vcpus, memory_mib)
    select region, host_id, sum(host_reservations.vcpus), sum(host_reservations.memory_mib)
    from host_reservations inner join hosts on hosts.id = host_id group by region, host_id`.execute(db);
  await sql`insert into volume_sums (account, region, type, size_gib, iops)
    select account, region, type, sum(size_gib), coalesce(sum(iops), 0) from volumes where want = 'present' group by account, region, type`.execute(db);
  for (const index of needless) await db.schema.dropIndex(index).execute();
}
