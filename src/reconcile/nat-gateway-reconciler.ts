/**
 * NAT gateways: chooses a host of the gateway's zone for each, sees it say that it translates, gives the gateway to another host when it falls silent, and lets the
 * interface go when the host has let go. What hosts are told stands in the VPC's specification; this decides what the rows behind it say.
 */
import { natGatewayFailure } from "../base/api-error.ts";
import type { VpcSpecification } from "../host/protocol/specification.ts";
import { endNatGateway } from "../network/nat-gateway.ts";
import { touchVpc } from "../network/vpc-specification.ts";
import { isHeard } from "../placement/heard.ts";
import type { NatGatewayRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import type { Reconciler, Verdict } from "./loop.ts";
import { hasPackets } from "./has-packets.ts";
import { findPublished } from "./publish.ts";

/** Deleted and failed gateways are shown for so long. */
const shownMs = 3_600_000;
/** A host must be found silent for so long before another one takes its gateways, which ends their connections: when the control plane starts, it has heard of none yet. */
const moveAfterMs = 15_000;
const watchEveryMs = 5_000;
const waitForHostMs = 1_000;

export const natGatewayReconciler: Reconciler = {
  kind: "nat-gateway",
  scan: async (tx) => (await tx.db.selectFrom("nat_gateways").select("id").execute()).map((row) => row.id),
  reconcile: async (tx, key, now) => {
    const row = await tx.db.selectFrom("nat_gateways").selectAll().where("id", "=", key as NatGatewayRow["id"]).executeTakeFirst(); // keys are ids
    if (row === undefined) return { again: undefined };
    if (row.ended_at !== null) return forget(tx, row, row.ended_at + shownMs, now);
    if (row.want === "present") return keep(tx, row, now);
    if (!(await isLetGo(tx, row))) return { again: undefined };
    await endNatGateway(tx, row, undefined, now);
    return { again: now + shownMs };
  },
};

async function forget(tx: Tx, { id }: NatGatewayRow, at: number, now: number): Promise<Verdict> {
  if (now < at) return { again: at };
  await tx.db.deleteFrom("nat_gateways").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
  return { again: undefined };
}

async function keep(tx: Tx, row: NatGatewayRow, now: number): Promise<Verdict> {
  const hosts = await tx.db.selectFrom("hosts").selectAll().where("role", "=", "host").where("zone", "=", row.zone).orderBy("id").execute();
  if (hosts.length === 0 && row.host_id === null) {
    await endNatGateway(tx, row, natGatewayFailure.noHost(row.zone), now);
    return { again: now + shownMs };
  }
  const decision = decideHost(row, hosts, await countByHost(tx), now);
  switch (decision.kind) {
    case "wait":
      return { again: now + waitForHostMs };
    case "silent":
      await setColumns(tx, row, { silent_since: now });
      return { again: now + waitForHostMs };
    case "move":
      await setColumns(tx, row, { host_id: decision.host.id, silent_since: null });
      await touchVpc(tx, row.vpc_id, now);
      break;
    case "stay":
      if (row.silent_since !== null) await setColumns(tx, row, { silent_since: null });
  }
  if (row.available_at === null && (await isApplied(tx, row, decision.host))) await setColumns(tx, row, { available_at: now });
  return { again: now + watchEveryMs };
}

async function setColumns(tx: Tx, { id }: NatGatewayRow, columns: Partial<Pick<NatGatewayRow, "host_id" | "silent_since" | "available_at">>): Promise<void> {
  await tx.db.updateTable("nat_gateways").set(columns).where("id", "=", id).execute();
}

export type HostDecision = { readonly kind: "stay" | "move"; readonly host: HostRow } | { readonly kind: "silent" | "wait" };

/** Which host is to have the gateway: the one that has it for as long as it is heard, else the heard one with the fewest gateways. */
export function decideHost(row: Pick<NatGatewayRow, "host_id" | "silent_since">, hosts: readonly HostRow[], gateways: ReadonlyMap<string, number>, now: number): HostDecision {
  const standing = hosts.find(({ id }) => id === row.host_id);
  if (standing !== undefined && isHeard(standing, now)) return { kind: "stay", host: standing };
  if (standing !== undefined && row.silent_since === null) return { kind: "silent" };
  if (standing !== undefined && now - (row.silent_since ?? now) < moveAfterMs) return { kind: "wait" };
  const load = ({ id }: HostRow) => gateways.get(id) ?? 0;
  const [next] = hosts.filter((host) => isHeard(host, now)).toSorted((a, b) => load(a) - load(b));
  return next === undefined ? { kind: "wait" } : { kind: "move", host: next };
}

async function countByHost(tx: Tx): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.db.selectFrom("nat_gateways").select("host_id").where("host_id", "is not", null).execute();
  return new Map([...Map.groupBy(rows, (row) => row.host_id ?? "")].map(([host, all]) => [host, all.length]));
}

/** The host has done what it was told last, and that names the gateway. Hosts without real guests have no packets to translate. */
async function isApplied(tx: Tx, row: NatGatewayRow, host: HostRow): Promise<boolean> {
  if (!hasPackets(host)) return true;
  const told = await findPublished(tx, host.id, "vpc", row.vpc_id);
  if (told === undefined || !isPlacedAt(told.body, row, host)) return false;
  const said = await findSaid(tx, row, host);
  return said?.observed_state === "applied" && said.observed_generation >= told.generation;
}

/** No host has the gateway, or it has done what it was told last, and that does not name the gateway. */
async function isLetGo(tx: Tx, row: NatGatewayRow): Promise<boolean> {
  const host = row.host_id === null ? undefined : await tx.db.selectFrom("hosts").selectAll().where("id", "=", row.host_id).executeTakeFirst();
  const told = host === undefined ? undefined : await findPublished(tx, host.id, "vpc", row.vpc_id);
  if (host === undefined || told === undefined) return true;
  return !isPlacedAt(told.body, row, host) && ((await findSaid(tx, row, host))?.observed_generation ?? 0) >= told.generation;
}

function isPlacedAt(body: string, row: NatGatewayRow, host: HostRow): boolean {
  const { interfaces } = JSON.parse(body) as VpcSpecification; // written by publish
  return interfaces.some(({ id, hostAddress }) => id === row.interface_id && hostAddress === host.underlay_address);
}

function findSaid(tx: Tx, { vpc_id: vpc }: NatGatewayRow, { id }: HostRow) {
  return tx.db.selectFrom("vpc_hosts").selectAll().where("vpc_id", "=", vpc).where("host_id", "=", id).executeTakeFirst();
}
