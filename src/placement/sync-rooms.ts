/**
 * Makes rooms (`host-room.ts`) follow what their hosts have: vCPUs and memory as the topology gives them, of the machine's disk and network what its agent has
 * found, times the host's part, and the accelerators that are the host's own.
 */
import type { HostRoomRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import type { ClaimColumns } from "./claim.ts";
import { abilitiesOf } from "./host-abilities.ts";
import { fullLoad, nobody } from "./host-room.ts";

/** Makes and changes the rooms of hosts that were added, changed or taken away; of all hosts, or of this one. */
export async function syncRooms(tx: Tx, hostId?: string): Promise<void> {
  const all = tx.db.selectFrom("hosts").selectAll().where("role", "=", "host");
  const hosts = await (hostId === undefined ? all : all.where("id", "=", hostId)).execute();
  const standing = tx.db.selectFrom("host_rooms").selectAll();
  const rooms = new Map((await (hostId === undefined ? standing : standing.where("host_id", "=", hostId)).execute()).map((room) => [room.host_id, room]));
  for (const host of hosts) await syncRoom(tx, host, rooms.get(host.id));
  if (hostId === undefined) await tx.db.deleteFrom("host_rooms").where("host_id", "not in", tx.db.selectFrom("hosts").select("id")).execute();
}

async function syncRoom(tx: Tx, host: HostRow, room: HostRoomRow | undefined): Promise<void> {
  const size = sizeOf(host);
  if (room === undefined) {
    const reserved = { reserved_vcpus: 0, reserved_memory_mib: 0, reserved_disk_gib: 0, reserved_network_mbps: 0, reserved_accelerators: 0 };
    await tx.db.insertInto("host_rooms").values({ host_id: host.id, region: host.region, zone: host.zone, holder: nobody, ...size, ...reserved, load: 0 }).execute();
    return;
  }
  const isSame = (Object.keys(size) as (keyof ClaimColumns)[]).every((column) => room[column] === size[column]); // its own keys
  if (isSame) return;
  const load = Math.max(millionths(room.reserved_vcpus, host.vcpus), millionths(room.reserved_memory_mib, host.memory_mib));
  await tx.db.updateTable("host_rooms").set({ ...size, load }).where("host_id", "=", host.id).execute();
}

function sizeOf(host: HostRow): Pick<HostRoomRow, keyof ClaimColumns> {
  const { diskGib, networkMbps, accelerators } = abilitiesOf(host);
  return { vcpus: host.vcpus, memory_mib: host.memory_mib, disk_gib: partOf(diskGib, host.disk_percent), network_mbps: partOf(networkMbps, host.network_percent), accelerators };
}

function partOf(whole: number | undefined, percent: number | null): number | null {
  return whole === undefined ? null : Math.floor((whole * (percent ?? 100)) / 100);
}

function millionths(part: number, whole: number): number {
  return Math.floor((part * fullLoad) / Math.max(1, whole));
}
