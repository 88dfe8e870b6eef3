/** Brings the rows of hosts and storage nodes up to date with the topology. A node with anything on it stays, whatever the file says. */
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import type { Topology } from "./topology.ts";

export async function syncTopology(tx: Tx, topology: Topology, now: number): Promise<void> {
  const rows = topology.regions.flatMap((region) =>
    region.zones.flatMap((zone) => [
      ...zone.hosts.map((host) => toRow("host", region.name, zone.name, host, now)),
      toRow("storage", region.name, zone.name, { ...zone.storageNode, vcpus: 0, memoryMib: 0 }, now),
    ]),
  );
  for (const row of rows) {
    const { underlay_address, vcpus, memory_mib } = row;
    await tx.db
      .insertInto("hosts")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ underlay_address, vcpus, memory_mib }))
      .execute();
  }
  await removeUnlisted(tx, rows.map((row) => row.id));
}

async function removeUnlisted(tx: Tx, listed: readonly string[]): Promise<void> {
  const known = await tx.db.selectFrom("hosts").select("id").execute();
  for (const { id } of known.filter((row) => !listed.includes(row.id))) {
    const held = await tx.db.selectFrom("specifications").select("id").where("host_id", "=", id).executeTakeFirst();
    const reserved = await tx.db.selectFrom("host_reservations").select("instance_id").where("host_id", "=", id).executeTakeFirst();
    if (held !== undefined || reserved !== undefined) continue;
    await tx.db.deleteFrom("hosts").where("id", "=", id).execute();
    await tx.db.deleteFrom("host_loads").where("host_id", "=", id).execute();
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
    created_at: now,
    incarnation: 0,
    description: null,
    heard_at: null,
    failed_at: null,
    draining: 0,
  };
}
