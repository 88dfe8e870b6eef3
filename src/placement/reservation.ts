/** Reservation rows: room on a host that is promised to an instance, from the call that asked for it until the host says that the machine is gone. */
import type { HostDescription } from "../host/protocol/report.ts";
import { virtualizations, type Virtualization } from "../host/protocol/specification.ts";
import { silentAfterMs } from "../host/protocol/exchange.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { insertRow, prepare, prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { HostLoadRow, HostRow } from "../store/tables.ts";
import type { HostOffer, Need } from "./place.ts";

/** What every host of the region offers now. */
export async function listOffers(tx: Tx, region: string, now: number): Promise<HostOffer[]> {
  const loads = new Map((await selectLoads(tx, { region })).map((load) => [load.host_id, load]));
  return (await selectHosts(tx, { region })).map((host) => ({
    id: host.id,
    zone: host.zone,
    vcpus: host.vcpus,
    memoryMib: host.memory_mib,
    reservedVcpus: loads.get(host.id)?.vcpus ?? 0,
    reservedMemoryMib: loads.get(host.id)?.memory_mib ?? 0,
    virtualizations: workingVirtualizations(host),
    alive: isHeard(host, now) && host.failed_at === null && host.draining === 0,
  }));
}

const selectHosts = prepareKept((db, { region }: { region: string }) => db.selectFrom("hosts").selectAll().where("region", "=", region).where("role", "=", "host"));

const selectLoads = prepare((db, { region }: { region: string }) => db.selectFrom("host_loads").selectAll().where("region", "=", region));

/** Whether the host's agent was heard lately enough to be given work. */
export function isHeard(host: HostRow, now: number): boolean {
  return host.heard_at !== null && now - host.heard_at <= silentAfterMs;
}

/** The ids of the region's hosts and storage nodes that are heard. */
export async function listHeardHosts(tx: Tx, region: string, now: number): Promise<ReadonlySet<string>> {
  const rows = await tx.db.selectFrom("hosts").selectAll().where("region", "=", region).execute();
  return new Set(rows.filter((row) => isHeard(row, now)).map((row) => row.id));
}

export function workingVirtualizations(host: Readonly<HostRow>): readonly Virtualization[] {
  if (host.description === null) return [];
  let working = knownVirtualizations.get(host.description);
  if (working === undefined) {
    const description = JSON.parse(host.description) as HostDescription; // written from a parsed arrival
    working = virtualizations.filter((kind) => description.engines[kind].works);
    if (knownVirtualizations.size >= 1_000) knownVirtualizations.clear();
    knownVirtualizations.set(host.description, working);
  }
  return working;
}

/** By the description's text: hosts are asked at every launch, and hardly ever describe themselves anew. */
const knownVirtualizations = new Map<string, readonly Virtualization[]>();

type Holder = Pick<InstanceRow, "id" | "region">;

export async function reserve(tx: Tx, { id, region }: Holder, host: string, { vcpus, memoryMib: memory_mib }: Need): Promise<void> {
  await insertRow(tx, "host_reservations", { instance_id: id, host_id: host, vcpus, memory_mib });
  await addToLoad(tx, { region, host_id: host, vcpus, memory_mib });
}

export async function releaseReservation(tx: Tx, { id, region }: Holder): Promise<void> {
  for (const { host_id, vcpus, memory_mib } of await removeReservation(tx, { id })) {
    await addToLoad(tx, { region, host_id, vcpus: -vcpus, memory_mib: -memory_mib });
  }
}

const removeReservation = prepare((db, { id }: Pick<InstanceRow, "id">) =>
  db.deleteFrom("host_reservations").where("instance_id", "=", id).returning(["host_id", "vcpus", "memory_mib"]),
);

const addToLoad = prepare((db, { region, host_id, vcpus, memory_mib }: HostLoadRow) =>
  db
    .insertInto("host_loads")
    .values({ region, host_id, vcpus, memory_mib })
    .onConflict((conflict) =>
      conflict.columns(["region", "host_id"]).doUpdateSet(({ eb, ref }) => ({
        vcpus: eb("host_loads.vcpus", "+", ref("excluded.vcpus")),
        memory_mib: eb("host_loads.memory_mib", "+", ref("excluded.memory_mib")),
      })),
    ),
);
