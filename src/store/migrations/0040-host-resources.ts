/** Disk, network bandwidth and accelerators: what hosts have of them, and what is promised. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

const claims = "i=0 disk_gib i=0 network_mbps i=0 accelerators";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, {
    hosts: "i?disk_percent i?network_percent",
    host_rooms: "i?disk_gib i?network_mbps i=0 accelerators i=0 reserved_disk_gib i=0 reserved_network_mbps i=0 reserved_accelerators",
    host_reservations: claims,
    capacity_slots: claims,
  });
}
