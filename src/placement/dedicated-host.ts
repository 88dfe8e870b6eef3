/** Dedicated Hosts as rows: each is one of the installation's hosts, whole, for one account (facts §2.3). */
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { DedicatedHostRow } from "../store/placement-tables.ts";
import { prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { listOffers, nobody, setHolder } from "./host-room.ts";
import type { HostOffer, Need } from "./place.ts";

export type DedicatedHostPlan = Omit<DedicatedHostRow, "id" | "host_id" | "created_at" | "replaced_at">;

/** Hosts of the zone that nobody is on and that have room for one such machine; up to `count`. */
export function listEmptyHosts(tx: Tx, place: { readonly region: string; readonly zone: string }, need: Need, count: number, now: number): Promise<HostOffer[]> {
  return listOffers(tx, { ...place, holder: nobody, need, now, empty: true }, count);
}

export async function allocateHost(tx: Tx, plan: DedicatedHostPlan, hostId: string, random: Random, now: number): Promise<DedicatedHostRow> {
  const row: DedicatedHostRow = { id: newId("dedicatedHost", random), ...plan, host_id: hostId, created_at: now, replaced_at: null };
  await tx.db.insertInto("dedicated_hosts").values(row).execute();
  await setHolder(tx, hostId, row.id);
  return row;
}

export async function releaseHost(tx: Tx, { id, host_id: hostId, replaced_at: replacedAt }: DedicatedHostRow): Promise<void> {
  await tx.db.deleteFrom("dedicated_hosts").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
  if (replacedAt === null) await setHolder(tx, hostId, nobody);
}

/**
 * Host recovery: another host of the zone for one that has died, under a new id and with the same settings. Its instances are of the new one from now on.
 * Undefined while no host is free. The dead host is anybody's again once it is back.
 */
export async function replaceHost(tx: Tx, dead: DedicatedHostRow, need: Need, random: Random, now: number): Promise<DedicatedHostRow | undefined> {
  const [free] = await listEmptyHosts(tx, dead, need, 1, now);
  if (free === undefined) return undefined;
  const { id, host_id: hostId, created_at: _created, replaced_at: _replaced, ...plan } = dead;
  const row = await allocateHost(tx, plan, free.id, random, now);
  await tx.db.updateTable("dedicated_hosts").set({ replaced_at: now }).where("id", "=", id).execute();
  await setHolder(tx, hostId, nobody);
  await tx.db.updateTable("instances").set({ dedicated_host_id: row.id }).where("dedicated_host_id", "=", id).where("account", "=", dead.account).execute();
  return row;
}

type Owner = Pick<DedicatedHostRow, "account" | "region">;

/** Those of the account that are no others' predecessors. */
export function listDedicatedHosts(tx: Tx, { account, region }: Owner): Promise<readonly Readonly<DedicatedHostRow>[]> {
  return selectDedicatedHosts(tx, { account, region });
}

const selectDedicatedHosts = prepareKept((db, { account, region }: Owner) =>
  db.selectFrom("dedicated_hosts").selectAll().where("account", "=", account).where("region", "=", region).where("replaced_at", "is", null),
);

/** Whether the host takes the type: its own, or any of its family where it is for a family. */
export function takesType(host: Pick<DedicatedHostRow, "instance_type" | "instance_family">, type: { readonly name: string; readonly family: string }): boolean {
  return host.instance_type === null ? host.instance_family === type.family : host.instance_type === type.name;
}
