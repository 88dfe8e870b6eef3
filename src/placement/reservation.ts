/** Reservation rows: room on a host that is promised to an instance, from the call that asked for it until the host says that the machine is gone. */
import type { InstanceId } from "../base/ids.ts";
import type { HostDescription } from "../host/protocol/report.ts";
import { virtualizations, type Virtualization } from "../host/protocol/specification.ts";
import { silentAfterMs } from "../host/protocol/exchange.ts";
import { insertRow, prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import type { HostOffer, Need } from "./place.ts";

/** What every host of the region offers now. */
export async function listOffers(tx: Tx, region: string, now: number): Promise<HostOffer[]> {
  const offers: HostOffer[] = [];
  for (const host of await selectHosts(tx, { region })) {
    const [reserved] = await sumReservations(tx, host);
    offers.push({
      id: host.id,
      zone: host.zone,
      vcpus: host.vcpus,
      memoryMib: host.memory_mib,
      reservedVcpus: reserved?.vcpus ?? 0,
      reservedMemoryMib: reserved?.memory_mib ?? 0,
      virtualizations: workingVirtualizations(host),
      alive: isHeard(host, now) && host.failed_at === null && host.draining === 0,
    });
  }
  return offers;
}

const selectHosts = prepare((db, { region }: { region: string }) => db.selectFrom("hosts").selectAll().where("region", "=", region).where("role", "=", "host"));

/** Without reservations the sums are null. To ask for one host after the other takes SQLite less time than to group. */
const sumReservations = prepare((db, { id }: Pick<HostRow, "id">) =>
  db
    .selectFrom("host_reservations")
    .select(({ fn }) => [fn.sum<number | null>("vcpus").as("vcpus"), fn.sum<number | null>("memory_mib").as("memory_mib")])
    .where("host_id", "=", id),
);

/** Whether the host's agent was heard lately enough to be given work. */
export function isHeard(host: HostRow, now: number): boolean {
  return host.heard_at !== null && now - host.heard_at <= silentAfterMs;
}

/** The ids of the region's hosts and storage nodes that are heard. */
export async function listHeardHosts(tx: Tx, region: string, now: number): Promise<ReadonlySet<string>> {
  const rows = await tx.db.selectFrom("hosts").selectAll().where("region", "=", region).execute();
  return new Set(rows.filter((row) => isHeard(row, now)).map((row) => row.id));
}

export function workingVirtualizations(host: HostRow): Virtualization[] {
  if (host.description === null) return [];
  const description = JSON.parse(host.description) as HostDescription; // written from a parsed arrival
  return virtualizations.filter((kind) => description.engines[kind].works);
}

export async function reserve(tx: Tx, instance: InstanceId, host: string, need: Need): Promise<void> {
  await insertRow(tx, "host_reservations", { instance_id: instance, host_id: host, vcpus: need.vcpus, memory_mib: need.memoryMib });
}

export async function releaseReservation(tx: Tx, instance: InstanceId): Promise<void> {
  await tx.db.deleteFrom("host_reservations").where("instance_id", "=", instance).execute();
}
