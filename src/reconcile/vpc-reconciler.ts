/**
 * VPCs: publishes each to every host that has, or is to have, one of its interfaces, or of a peer's where it has endpoints, and lets a host go when it says that
 * nothing of the VPC is left there. Hosts without real guests have no packets and are told nothing. A VPC that was deleted is known by what its hosts were told last.
 */
import type { VpcId } from "../base/ids.ts";
import type { VpcSpecification } from "../host/protocol/specification.ts";
import { listPeers } from "../network/peers.ts";
import { narrowToHost, touchVpc, toVpcSpecification } from "../network/vpc-specification.ts";
import type { VpcRow } from "../store/network-tables.ts";
import { prepare, prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import { hasPackets } from "./has-packets.ts";
import type { Reconciler } from "./loop.ts";
import { publish, withdraw } from "./publish.ts";

export const vpcReconciler: Reconciler = {
  kind: "vpc",
  scan: async (tx) => {
    const vpcs = await tx.db.selectFrom("vpcs").select("id").execute();
    const told = await tx.db.selectFrom("specifications").select("id").where("kind", "=", "vpc").execute();
    return [...new Set([...vpcs, ...told].map(({ id }) => id))];
  },
  reconcile: async (tx, key, now) => {
    const id = key as VpcId; // keys are ids
    const hosts = await listHosts(tx, id);
    if (hosts.length > 0) await publishTo(tx, id, hosts, now);
    for (const { host_id: host, body } of await selectTold(tx, { id })) {
      if (!hosts.some((each) => each.id === host)) await leave(tx, host, JSON.parse(body) as VpcSpecification); // written by publish
    }
    return { again: undefined };
  },
};

/** Asked host by host: the rows' key begins with it, and those of all machines and volumes are in the same table. */
const selectTold = prepare((db, { id }: { id: VpcId }) =>
  db.selectFrom("specifications").select(["host_id", "body"]).where("host_id", "in", db.selectFrom("hosts").select("id")).where("kind", "=", "vpc").where("id", "=", id),
);

/** The VPC's own hosts, and those of its peers when it has endpoints: peers' guests reach these on their own hosts, as its guests do. */
async function listHosts(tx: Tx, vpcId: VpcId): Promise<HostRow[]> {
  const peers = (await selectEndpoints(tx, { vpcId })).length === 0 ? [] : await listPeers(tx, vpcId);
  const hosts = await listOwnHosts(tx, vpcId);
  for (const peer of peers) for (const host of await listOwnHosts(tx, peer.vpcId)) if (!hosts.some(({ id }) => id === host.id)) hosts.push(host);
  return hosts;
}

const selectEndpoints = prepareKept((db, { vpcId }: { vpcId: VpcId }) => db.selectFrom("vpc_endpoints").select("id").where("vpc_id", "=", vpcId).where("type", "=", "Interface").where("want", "=", "present").limit(1));

/** The real hosts that hold an instance with an interface in the VPC, or one of its NAT gateways. */
async function listOwnHosts(tx: Tx, vpcId: VpcId): Promise<HostRow[]> {
  const real = (await selectHosts(tx, { vpcId })).filter(hasPackets);
  if (real.length === 0) return [];
  const holders = [...(await selectHolders(tx, { vpcId })), ...(await selectTranslators(tx, { vpcId }))];
  return real.filter((host) => holders.some((row) => row.host_id === host.id));
}

const selectHosts = prepareKept((db, { vpcId }: { vpcId: VpcId }) =>
  db.selectFrom("hosts").selectAll().where("role", "=", "host").where("region", "=", db.selectFrom("vpcs").select("region").where("id", "=", vpcId)),
);
const selectHolders = prepare((db, { vpcId }: { vpcId: VpcId }) =>
  db
    .selectFrom("network_interfaces")
    .innerJoin("instances", "instances.id", "network_interfaces.instance_id")
    .select("host_id")
    .distinct()
    .where("network_interfaces.vpc_id", "=", vpcId),
);
const selectTranslators = prepare((db, { vpcId }: { vpcId: VpcId }) => db.selectFrom("nat_gateways").select("host_id").where("vpc_id", "=", vpcId).where("want", "=", "present"));

async function publishTo(tx: Tx, id: VpcId, hosts: readonly HostRow[], now: number): Promise<void> {
  const vpc = await tx.db.selectFrom("vpcs").selectAll().where("id", "=", id).executeTakeFirstOrThrow(); // it has interfaces
  const specification = await toVpcSpecification(tx, { ...vpc, network_identifier: vpc.network_identifier ?? (await takeNetworkIdentifier(tx, vpc, now)) });
  for (const host of hosts) await publish(tx, host.id, narrowToHost(specification, host.underlay_address));
}

async function takeNetworkIdentifier(tx: Tx, vpc: VpcRow, now: number): Promise<number> {
  const row = await tx.db
    .insertInto("counters")
    .values({ name: "network-identifier", value: 1 })
    .onConflict((conflict) => conflict.column("name").doUpdateSet(({ eb }) => ({ value: eb("counters.value", "+", 1) })))
    .returning("value")
    .executeTakeFirstOrThrow();
  const identifier = Number(row.value);
  await tx.db.updateTable("vpcs").set({ network_identifier: identifier }).where("id", "=", vpc.id).execute();
  for (const peer of await listPeers(tx, vpc.id)) await touchVpc(tx, peer.vpcId, now);
  return identifier;
}

async function leave(tx: Tx, hostId: string, standing: VpcSpecification): Promise<void> {
  const generation = await publish(tx, hostId, { ...standing, generation: 0, want: "absent", subnets: [], interfaces: [], groups: [], peers: [] });
  const mine = tx.db.selectFrom("vpc_hosts").selectAll().where("vpc_id", "=", standing.id).where("host_id", "=", hostId);
  const observed = await mine.executeTakeFirst();
  if (observed?.observed_state !== "absent" || observed.observed_generation < generation) return;
  await withdraw(tx, hostId, "vpc", standing.id);
  await tx.db.deleteFrom("vpc_hosts").where("vpc_id", "=", standing.id).where("host_id", "=", hostId).execute();
}
