/** Placement groups, Dedicated Hosts and capacity reservations; and hosts' room in the order in which placement asks for it. */
import { type Kysely, sql } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  host_rooms: "t!host_id t region t zone t holder i vcpus i memory_mib i reserved_vcpus i reserved_memory_mib i load",
  placement_groups: "t!id t account t region t name t strategy i?partition_count t?spread_level i created_at",
  dedicated_hosts:
    "t!id t account t region t zone t host_id t?instance_type t instance_family t auto_placement t host_recovery t host_maintenance " +
    "t?client_token i created_at i?replaced_at",
  capacity_reservations:
    "t!id t account t region t zone t instance_type t platform t tenancy i total i ebs_optimized t match_criteria t state i?end_at " +
    "t?client_token i created_at i?ended_at",
  capacity_slots: "t!reservation_id i!number t host_id i vcpus i memory_mib t?instance_id",
};

const instanceColumns =
  "t?dedicated_host_id t='default' affinity t?placement_group_id i?partition_number i=0 partition_fixed t='open' capacity_preference " +
  "t?capacity_target t?capacity_reservation_id";

const indexes: readonly string[] = [
  "host_rooms region zone holder load host_id",
  "host_rooms region holder load host_id",
  "hosts zone role",
  "unique placement_groups account region name",
  "dedicated_hosts account region",
  "dedicated_hosts host_id",
  "capacity_reservations account region",
  "capacity_slots host_id",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await addColumns(db, { instances: instanceColumns });
  await createIndexes(db, indexes, "placement");
  // Only few instances are in a group or in a slot: the others need not be in the index.
  await sql`create index instances_placement_group on instances (placement_group_id) where placement_group_id is not null`.execute(db);
  await sql`create index capacity_slots_instance on capacity_slots (instance_id) where instance_id is not null`.execute(db);
  await sql`insert into host_rooms (host_id, region, zone, holder, vcpus, memory_mib, reserved_vcpus, reserved_memory_mib, load)
    select id, hosts.region, zone, '', hosts.vcpus, hosts.memory_mib, coalesce(host_loads.vcpus, 0), coalesce(host_loads.memory_mib, 0),
      case when coalesce(host_loads.vcpus, 0) * hosts.memory_mib > coalesce(host_loads.memory_mib, 0) * hosts.vcpus
        then coalesce(host_loads.vcpus, 0) * 1000000 / case when hosts.vcpus > 0 then hosts.vcpus else 1 end
        else coalesce(host_loads.memory_mib, 0) * 1000000 / case when hosts.memory_mib > 0 then hosts.memory_mib else 1 end end
    from hosts left join host_loads on host_loads.host_id = hosts.id where role = 'host'`.execute(db);
  await db.schema.dropTable("host_loads").execute();
}
