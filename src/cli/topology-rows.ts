/** Brings the rows of hosts and storage nodes up to date with the topology. A node with anything on it stays, whatever the file says, and so do machines that have joined. */
import { nobody } from "../placement/host-room.ts";
import { syncRooms } from "../placement/sync-rooms.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import { countSharing, partsOf } from "./build-topology.ts";
import { defaultOvercommit, type Topology, type TopologyHost } from "./topology.ts";

/** Says that nodes came or went. */
export const topologyTopic = "topology";

export async function syncTopology(tx: Tx, topology: Topology, now: number): Promise<void> {
  const sharing = countSharing(topology);
  const partsOfHost = ({ overcommit, emulated }: TopologyHost) => partsOf({ ...defaultOvercommit, ...overcommit }, emulated === undefined ? sharing : 1);
  const rows = topology.regions.flatMap((region) =>
    region.zones.flatMap((zone) => [
      ...zone.hosts.map((host) => ({ ...toRow("host", region.name, zone.name, host, now), ...partsOfHost(host) })),
      ...zone.storageNodes.map((node) => toRow("storage", region.name, zone.name, { ...node, vcpus: 0, memoryMib: 0 }, now)),
    ]),
  );
  await removeUnlisted(tx, new Set(rows.map(placeOf)));
  for (const row of rows) {
    const { underlay_address, vcpus, memory_mib, disk_percent, network_percent } = row;
    await tx.db
      .insertInto("hosts")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ underlay_address, vcpus, memory_mib, disk_percent, network_percent }))
      .execute();
  }
  await syncRooms(tx);
  tx.touch(topologyTopic);
}

/** A node of another place is another node. */
function placeOf({ id, role, zone }: Pick<HostRow, "id" | "role" | "zone">): string {
  return `${id} ${role} ${zone}`;
}

async function removeUnlisted(tx: Tx, listed: ReadonlySet<string>): Promise<void> {
  const joined = tx.db.selectFrom("joined_hosts").select("host_id");
  const known = await tx.db.selectFrom("hosts").select(["id", "role", "zone"]).where("id", "not in", joined).execute();
  for (const { id } of known.filter((row) => !listed.has(placeOf(row)))) {
    const held = await tx.db.selectFrom("specifications").select("id").where("host_id", "=", id).executeTakeFirst();
    const room = await tx.db.selectFrom("host_rooms").select(["holder", "reserved_vcpus"]).where("host_id", "=", id).executeTakeFirst();
    if (held !== undefined || (room !== undefined && (room.holder !== nobody || room.reserved_vcpus > 0))) continue;
    await tx.db.deleteFrom("hosts").where("id", "=", id).execute();
    await tx.db.deleteFrom("host_rooms").where("host_id", "=", id).execute();
  }
}

type Node = { readonly id: string; readonly vcpus: number; readonly memoryMib: number; readonly underlayAddress: string };

function toRow(role: HostRow["role"], region: string, zone: string, node: Node, now: number): HostRow {
  return {
    id: node.id,
    role,
    region,
    zone,
    underlay_address: node.underlayAddress,
    vcpus: node.vcpus,
    memory_mib: node.memoryMib,
    disk_percent: null,
    network_percent: null,
    created_at: now,
    incarnation: 0,
    description: null,
    heard_at: null,
    failed_at: null,
    draining: 0,
  };
}
