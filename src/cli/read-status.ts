/** The data centre as its rows show it, for `hostelry status`. */
import { readBalance } from "../compute/cpu-credits.ts";
import { toInstanceState } from "../compute/instance-state.ts";
import type { HostDescription } from "../host/protocol/report.ts";
import { isHeard } from "../placement/heard.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { NetworkInterfaceRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import type { HostRoomRow } from "../store/placement-tables.ts";
import type { HostRow } from "../store/tables.ts";
import type { GuestStatus, HostStatus, NodeState, StatusReport } from "./status-report.ts";
import { defaultOvercommit, type Topology } from "./topology.ts";

export interface StatusFacts {
  readonly version: string;
  readonly url: string;
  readonly topology: Topology;
}

export async function readStatus(tx: Tx, { version, url, topology }: StatusFacts, now: number): Promise<StatusReport> {
  const nodes = await tx.db.selectFrom("hosts").selectAll().orderBy("zone").orderBy("id").execute();
  const guests = await readGuests(tx);
  const rooms = new Map((await tx.db.selectFrom("host_rooms").selectAll().execute()).map((room) => [room.host_id, room]));
  const listed = new Map(topology.regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts)).map((host) => [host.id, host]));
  const images = await tx.db.selectFrom("images").selectAll().where("image_type", "=", "machine").orderBy("name").execute();
  const toHost = (host: HostRow): HostStatus => {
    const [room, overcommit] = [rooms.get(host.id), listed.get(host.id)?.overcommit];
    return {
      id: host.id,
      state: toNodeState(host, now),
      vcpus: { total: host.vcpus, reserved: room?.reserved_vcpus ?? 0 },
      memoryMib: { total: host.memory_mib, reserved: room?.reserved_memory_mib ?? 0 },
      ...(room === undefined || room.disk_gib === null ? {} : { diskGib: { total: room.disk_gib, reserved: room.reserved_disk_gib } }),
      ...(room === undefined || room.network_mbps === null ? {} : { networkMbps: { total: room.network_mbps, reserved: room.reserved_network_mbps } }),
      ...(overcommit === undefined ? {} : { overcommit: { ...defaultOvercommit, ...overcommit } }),
      ...describedAs(host, room),
      guests: guests.get(host.id) ?? [],
    };
  };
  const zonesOf = (region: string) =>
    [...new Set(nodes.filter((node) => node.region === region).map((node) => node.zone))].map((name) => {
      const here = nodes.filter((node) => node.zone === name);
      return {
        name,
        hosts: here.filter((node) => node.role === "host").map(toHost),
        storageNodes: here.filter((node) => node.role === "storage").map((node) => ({ id: node.id, state: toNodeState(node, now) })),
      };
    });
  return {
    version,
    url,
    regions: [...new Set(nodes.map((node) => node.region))].map((name) => ({ name, zones: zonesOf(name) })),
    images: images.map(({ id, name, state, virtualization_type: virtualizationType }) => ({ id, name, state, virtualizationType })),
  };
}

function describedAs({ description }: HostRow, room: HostRoomRow | undefined): Pick<HostStatus, "engines" | "arm64" | "cards" | "accelerators" | "mtu"> {
  if (description === null) return {};
  const { engines, arm64, cards, mtu, accelerators: models } = JSON.parse(description) as HostDescription; // a parsed arrival
  const accelerators = models && { total: room?.accelerators ?? 0, reserved: room?.reserved_accelerators ?? 0, models };
  return { engines, ...(arm64 === undefined ? {} : { arm64 }), ...(cards === undefined ? {} : { cards }), ...(mtu === undefined ? {} : { mtu }), ...(accelerators === undefined ? {} : { accelerators }) };
}

function toNodeState(node: HostRow, now: number): NodeState {
  if (node.incarnation === 0) return "absent";
  if (node.failed_at !== null) return "failed";
  if (!isHeard(node, now)) return "silent";
  return node.draining === 1 ? "draining" : "up";
}

/** By their hosts, the oldest first. Of few queries, however many guests there are: metrics are asked for again and again. */
async function readGuests({ db }: Tx): Promise<ReadonlyMap<string, readonly GuestStatus[]>> {
  const rows = await db.selectFrom("instances").selectAll().where("host_id", "is not", null).orderBy("created_at").execute();
  const nics = await db.selectFrom("network_interfaces").select(["instance_id", "private_address", "public_address"]).where("device_index", "=", 0).execute();
  const names = await db.selectFrom("tags").select(["resource_id", "value"]).where("resource_type", "=", "instance").where("key", "=", "Name").execute();
  const nicOf = new Map<string | null, GuestNic>(nics.map((nic) => [nic.instance_id, nic]));
  const nameOf = new Map(names.map((tag) => [tag.resource_id, tag.value]));
  return new Map([...Map.groupBy(rows, (row) => row.host_id ?? "")].map(([host, here]) => [host, here.map((row) => toGuest(row, nicOf.get(row.id), nameOf.get(row.id)))]));
}

type GuestNic = Pick<NetworkInterfaceRow, "private_address" | "public_address">;

function toGuest(row: InstanceRow, nic: GuestNic | undefined, name: string | undefined): GuestStatus {
  const credits = readBalance(row);
  const state = toInstanceState(row);
  return {
    id: row.id,
    ...(name === undefined ? {} : { name }),
    state,
    ...(state === "running" && row.observed_silent_since !== null ? { silent: true as const } : {}),
    instanceType: row.instance_type,
    virtualization: row.virtualization,
    ...(nic === undefined ? {} : { privateAddress: nic.private_address }),
    ...(credits === undefined ? {} : { credits }),
    ...(nic?.public_address == null ? {} : { publicAddress: nic.public_address }),
  };
}
