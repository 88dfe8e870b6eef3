/** The data centre as its rows show it, for `hostelry status`. */
import { toInstanceState } from "../compute/instance-state.ts";
import type { HostDescription } from "../host/protocol/report.ts";
import { isHeard } from "../placement/reservation.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import type { GuestStatus, HostStatus, NodeState, StatusReport } from "./status-report.ts";

export async function readStatus(tx: Tx, facts: { readonly version: string; readonly url: string }, now: number): Promise<StatusReport> {
  const nodes = await tx.db.selectFrom("hosts").selectAll().orderBy("zone").orderBy("id").execute();
  const guests = await readGuests(tx);
  const reserved = await tx.db
    .selectFrom("host_reservations")
    .select(({ fn }) => ["host_id", fn.sum<number>("vcpus").as("vcpus"), fn.sum<number>("memory_mib").as("memoryMib")])
    .groupBy("host_id")
    .execute();
  const images = await tx.db.selectFrom("images").selectAll().where("image_type", "=", "machine").orderBy("name").execute();
  const toHost = (host: HostRow): HostStatus => {
    const used = reserved.find((row) => row.host_id === host.id);
    return {
      id: host.id,
      state: toNodeState(host, now),
      vcpus: { total: host.vcpus, reserved: Number(used?.vcpus ?? 0) },
      memoryMib: { total: host.memory_mib, reserved: Number(used?.memoryMib ?? 0) },
      ...(host.description === null ? {} : { engines: (JSON.parse(host.description) as HostDescription).engines }), // a parsed arrival
      guests: guests.get(host.id) ?? [],
    };
  };
  const zonesOf = (region: string) =>
    [...new Set(nodes.filter((node) => node.region === region).map((node) => node.zone))].map((name) => {
      const here = nodes.filter((node) => node.zone === name);
      const storage = here.find((node) => node.role === "storage");
      return {
        name,
        hosts: here.filter((node) => node.role === "host").map(toHost),
        storageNode: { id: storage?.id ?? "", state: storage === undefined ? ("absent" as const) : toNodeState(storage, now) },
      };
    });
  return {
    ...facts,
    regions: [...new Set(nodes.map((node) => node.region))].map((name) => ({ name, zones: zonesOf(name) })),
    images: images.map(({ id, name, state, virtualization_type: virtualizationType }) => ({ id, name, state, virtualizationType })),
  };
}

function toNodeState(node: HostRow, now: number): NodeState {
  if (node.incarnation === 0) return "absent";
  if (node.failed_at !== null) return "failed";
  if (!isHeard(node, now)) return "silent";
  return node.draining === 1 ? "draining" : "up";
}

async function readGuests(tx: Tx): Promise<Map<string, GuestStatus[]>> {
  const guests = new Map<string, GuestStatus[]>();
  const rows = await tx.db.selectFrom("instances").selectAll().where("host_id", "is not", null).orderBy("created_at").execute();
  for (const row of rows) {
    const host = row.host_id ?? "";
    guests.set(host, [...(guests.get(host) ?? []), await toGuest(tx, row)]);
  }
  return guests;
}

async function toGuest(tx: Tx, row: InstanceRow): Promise<GuestStatus> {
  const nic = await tx.db.selectFrom("network_interfaces").selectAll().where("instance_id", "=", row.id).orderBy("device_index").executeTakeFirst();
  const name = await tx.db.selectFrom("tags").select("value").where("resource_id", "=", row.id).where("key", "=", "Name").executeTakeFirst();
  return {
    id: row.id,
    ...(name === undefined ? {} : { name: name.value }),
    state: toInstanceState(row),
    instanceType: row.instance_type,
    virtualization: row.virtualization,
    ...(nic === undefined ? {} : { privateAddress: nic.private_address }),
    ...(nic?.public_address == null ? {} : { publicAddress: nic.public_address }),
  };
}
