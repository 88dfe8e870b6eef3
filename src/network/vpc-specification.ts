/**
 * A VPC's rows as its hosts read them: the only place that knows both the tables and the protocol. Whoever changes a row behind it says so with
 * `touchVpc`; the VPC's reconciler then publishes it anew to every host that has one of its interfaces.
 */
import { sql } from "kysely";
import { isId, type InterfaceId, type PeeringConnectionId, type VpcId } from "../base/ids.ts";
import type { PeerInterface, PeerSpecification } from "../host/protocol/peer-specification.ts";
import type { HostDescription } from "../host/protocol/report.ts";
import type { GroupSpecification, PlacedInterface, RouteSpecification, SubnetSpecification, VpcSpecification } from "../host/protocol/specification.ts";
import { wake } from "../store/due.ts";
import type { NetworkInterfaceRow, RouteRow, SubnetRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { narrowFlowLogs, readFlowLogs } from "./flow-log-specification.ts";
import { listIpv6Addresses, listIpv6Prefixes } from "./listed-ipv6-addresses.ts";
import { toAclSpecification } from "./network-acl.ts";
import { readEndpointNames } from "./endpoint-names.ts";
import { isAtHost } from "./interface-place.ts";
import { listPeers } from "./peers.ts";
import { readBlocks, spreadLists } from "./prefix-lists.ts";
import { toGroupRuleSpecification } from "./security-group-rules.ts";
import { readAclChoice, readTableChoice } from "./subnet-choices.ts";
import { listVpcCidrs } from "./vpc-cidrs.ts";
import { listIpv6Cidrs } from "./vpc-ipv6-cidrs.ts";

/** Changes that come within this time of each other are published together. */
const gatherMs = 50;

/** Something behind the VPC's specification changed. The VPC may be gone. */
export async function touchVpc(tx: Tx, vpcId: VpcId, now: number): Promise<void> {
  const peers = await listPeers(tx, vpcId); // their specifications say who is in this one
  for (const key of [vpcId, ...peers.map((peer) => peer.vpcId)]) await wake(tx, { kind: "vpc", key }, now + gatherMs);
}

/** As for a host that has interfaces in all groups; `narrowToHost` leaves out what one host need not know. */
export async function toVpcSpecification(tx: Tx, vpc: VpcRow & { readonly network_identifier: number }): Promise<VpcSpecification> {
  const ipv6 = await listIpv6Cidrs(tx, vpc.id);
  const interfaces = await readInterfaces(tx, vpc.id);
  const peers = await readPeers(tx, vpc.id);
  const names = await readEndpointNames(tx, vpc);
  return {
    kind: "vpc",
    id: vpc.id,
    generation: 0,
    want: "present",
    networkIdentifier: vpc.network_identifier,
    cidrs: await listVpcCidrs(tx, vpc),
    ...(ipv6.length === 0 ? {} : { ipv6Cidrs: ipv6 }),
    subnets: await readSubnets(tx, vpc.id, interfaces, peers),
    interfaces,
    groups: await readGroups(tx, new Set(interfaces.flatMap((nic) => nic.groups))),
    ...(await readFlowLogs(tx, vpc.id)),
    ...(peers.length === 0 ? {} : { peers }),
    ...(names.length === 0 ? {} : { names }),
  };
}

/** One that no host was told of yet has nobody on a host, and says so when it gets its network identifier. */
async function readPeers(tx: Tx, vpcId: VpcId): Promise<PeerSpecification[]> {
  const peers: PeerSpecification[] = [];
  for (const { connection, vpcId: vpc } of await listPeers(tx, vpcId)) {
    const row = await tx.db.selectFrom("vpcs").select(["id", "cidr", "network_identifier"]).where("id", "=", vpc).executeTakeFirstOrThrow();
    const interfaces = (await readInterfaces(tx, vpc)).flatMap(toPeerInterface);
    const ipv6 = await listIpv6Cidrs(tx, vpc);
    peers.push({ id: connection.id, vpc, networkIdentifier: row.network_identifier ?? 0, cidrs: await listVpcCidrs(tx, row), ...(ipv6.length === 0 ? {} : { ipv6Cidrs: ipv6 }), interfaces });
  }
  return peers;
}

function toPeerInterface({ mac, privateAddresses, ipv6Addresses, groups, hostAddress, hostMtu, endpoint }: PlacedInterface): readonly PeerInterface[] {
  if (hostAddress === undefined && endpoint !== true) return [];
  return [{ mac, privateAddresses, ...(ipv6Addresses === undefined ? {} : { ipv6Addresses }), groups, ...(hostAddress === undefined ? {} : { hostAddress }), ...(hostMtu === undefined ? {} : { hostMtu }) }];
}

/** Of the groups only those of interfaces on the host, where every endpoint's is, and those that their rules name. */
export function narrowToHost(specification: VpcSpecification, hostAddress: string): VpcSpecification {
  const here = new Set(specification.interfaces.filter((nic) => isAtHost(nic, hostAddress)).flatMap((nic) => nic.groups));
  const rules = specification.groups.filter((group) => here.has(group.id)).flatMap((group) => group.rules);
  const named = new Set(rules.flatMap(({ peer }) => ("group" in peer ? peer.group : [])));
  return { ...specification, groups: specification.groups.filter(({ id }) => here.has(id) || named.has(id)), ...narrowFlowLogs(specification, hostAddress) };
}

type InterfaceRow = Pick<NetworkInterfaceRow, "id" | "subnet_id" | "mac" | "private_address" | "public_address" | "source_dest_check" | "group_ids" | "nat_gateway_id" | "vpc_endpoint_id" | "connect_endpoint_id"> & {
  readonly host_address: string | null;
  readonly nat_host_address: string | null;
  readonly host_mtu: number | null;
  readonly is_host_on_switch: number | null;
};

async function readInterfaces(tx: Tx, vpcId: VpcId): Promise<PlacedInterface[]> {
  const rows: InterfaceRow[] = await tx.db
    .selectFrom("network_interfaces")
    .leftJoin("instances", "instances.id", "network_interfaces.instance_id")
    .leftJoin("hosts", "hosts.id", "instances.host_id")
    .leftJoin("nat_gateways", (join) => join.onRef("nat_gateways.id", "=", "network_interfaces.nat_gateway_id").on("nat_gateways.want", "=", "present"))
    .leftJoin("vpc_endpoints", "vpc_endpoints.id", "network_interfaces.vpc_endpoint_id")
    .leftJoin("instance_connect_endpoints", "instance_connect_endpoints.id", "network_interfaces.connect_endpoint_id")
    .leftJoin("hosts as nat_hosts", "nat_hosts.id", "nat_gateways.host_id")
    .select(["network_interfaces.id", "network_interfaces.subnet_id", "mac", "network_interfaces.private_address", "network_interfaces.public_address"])
    .select(["network_interfaces.source_dest_check", "network_interfaces.group_ids", "nat_gateway_id", "vpc_endpoint_id", "connect_endpoint_id"])
    .select(["hosts.underlay_address as host_address", "nat_hosts.underlay_address as nat_host_address"])
    .select([describedAs<number>("mtu").as("host_mtu"), describedAs<number>("isOnSwitch").as("is_host_on_switch")])
    .where("network_interfaces.vpc_id", "=", vpcId)
    .where(({ eb, or }) => or([eb("vpc_endpoints.want", "is", null), eb("vpc_endpoints.want", "=", "present")]))
    .where(({ eb, or }) => or([eb("instance_connect_endpoints.want", "is", null), eb("instance_connect_endpoints.want", "=", "present")]))
    .orderBy("network_interfaces.id")
    .execute();
  const more = await readMoreAddresses(tx, vpcId, rows.map(({ id }) => id));
  return rows.map((row) => toPlacedInterface(row, more));
}

/** What the interface's host says of itself. */
function describedAs<Value>(name: keyof HostDescription) {
  return sql<Value | null>`coalesce(hosts.description, nat_hosts.description) ->> ${sql.lit(name)}`;
}

function toPlacedInterface(row: InterfaceRow, more: MoreAddresses): PlacedInterface {
  const hostAddress = row.host_address ?? row.nat_host_address;
  const ipv6 = [...(more.ipv6.get(row.id) ?? []), ...(more.ipv6Prefixes.get(row.id) ?? [])];
  return {
    id: row.id,
    subnet: row.subnet_id,
    mac: row.mac,
    privateAddresses: [row.private_address, ...more.secondary(row.id)],
    publicAddresses: {
      ...(row.public_address === null ? {} : { [row.private_address]: row.public_address }),
      ...more.elastic(row.id),
    },
    groups: (JSON.parse(row.group_ids) as string[]).toSorted(), // written by createInterface and setInterfaceGroups only
    sourceDestCheck: row.source_dest_check === 1 && row.connect_endpoint_id === null, // such an endpoint speaks for clients, by their addresses
    ...(ipv6.length === 0 ? {} : { ipv6Addresses: ipv6 }),
    ...(hostAddress === null ? {} : { hostAddress }),
    ...(row.host_mtu === null ? {} : { hostMtu: row.host_mtu }),
    ...(row.is_host_on_switch === null ? {} : { isHostOnSwitch: true }),
    ...(row.nat_gateway_id === null ? {} : { natGateway: true }),
    ...(row.vpc_endpoint_id === null ? {} : { endpoint: true }),
    ...(row.connect_endpoint_id === null ? {} : { connectEndpoint: true }),
  };
}

interface MoreAddresses {
  secondary(id: InterfaceId): readonly string[];
  /** Elastic IP addresses by private address. */
  elastic(id: InterfaceId): Readonly<Record<string, string>>;
  readonly ipv6: ReadonlyMap<InterfaceId, readonly string[]>;
  readonly ipv6Prefixes: ReadonlyMap<InterfaceId, readonly string[]>;
}

async function readMoreAddresses(tx: Tx, vpcId: VpcId, ids: readonly InterfaceId[]): Promise<MoreAddresses> {
  const secondary = await tx.db
    .selectFrom("interface_addresses")
    .innerJoin("network_interfaces", "network_interfaces.id", "interface_addresses.interface_id")
    .select(["interface_id", "address"])
    .where("vpc_id", "=", vpcId)
    .orderBy("interface_addresses.created_at")
    .orderBy("address")
    .execute();
  const elastic = await tx.db
    .selectFrom("elastic_ips")
    .innerJoin("network_interfaces", "network_interfaces.id", "elastic_ips.interface_id")
    .select(["interface_id", "elastic_ips.private_address", "elastic_ips.public_address"])
    .where("vpc_id", "=", vpcId)
    .execute();
  const secondaryOf = Map.groupBy(secondary, (row) => row.interface_id);
  const elasticOf = Map.groupBy(elastic, (row) => row.interface_id);
  return {
    secondary: (id) => (secondaryOf.get(id) ?? []).map((row) => row.address),
    elastic: (id) => Object.fromEntries((elasticOf.get(id) ?? []).map((row) => [row.private_address, row.public_address])),
    ipv6: await listIpv6Addresses(tx, ids),
    ipv6Prefixes: await listIpv6Prefixes(tx, ids),
  };
}

async function readSubnets(tx: Tx, vpcId: VpcId, interfaces: readonly PlacedInterface[], peers: readonly PeerSpecification[]): Promise<SubnetSpecification[]> {
  const subnets = await tx.db.selectFrom("subnets").select(["id", "cidr", "ipv6_cidr"]).where("vpc_id", "=", vpcId).orderBy("id").execute();
  const routes = await readRoutes(tx, vpcId, interfaces, peers);
  const acls = await readAcls(tx, vpcId);
  return subnets.map(({ id, cidr, ipv6_cidr: ipv6 }) => ({ id, cidr, ...(ipv6 === null ? {} : { ipv6Cidr: ipv6 }), routes: routes(id), acl: acls(id) }));
}

async function readRoutes(tx: Tx, vpcId: VpcId, interfaces: readonly PlacedInterface[], peers: readonly PeerSpecification[]): Promise<(subnet: SubnetRow["id"]) => RouteSpecification[]> {
  const tableOf = await readTableChoice(tx, vpcId);
  const routes = await tx.db
    .selectFrom("routes")
    .innerJoin("route_tables", "route_tables.id", "routes.route_table_id")
    .select(["route_table_id", "destination", "target_id"])
    .where("vpc_id", "=", vpcId)
    .orderBy("destination")
    .execute();
  const gateways = await tx.db.selectFrom("internet_gateways").select("id").where("vpc_id", "=", vpcId).execute();
  const egressOnly = await tx.db.selectFrom("egress_only_gateways").select("id").where("vpc_id", "=", vpcId).execute();
  const natted = await tx.db.selectFrom("network_interfaces").select(["id", "nat_gateway_id"]).where("vpc_id", "=", vpcId).where("nat_gateway_id", "is not", null).execute();
  const placed = new Map<string, InterfaceId>(interfaces.flatMap((nic) => (nic.hostAddress === undefined ? [] : [[nic.id, nic.id]])));
  for (const { id, nat_gateway_id: gateway } of natted) if (gateway !== null && placed.has(id)) placed.set(gateway, id);
  const targets: RouteTargets = {
    gateways: new Set(gateways.map(({ id }) => id)),
    egressOnly: new Set(egressOnly.map(({ id }) => id)),
    peerings: new Map(peers.map(({ id }) => [id, id])),
    placed,
  };
  const blocksOf = await readBlocks(tx, routes.flatMap(({ destination }) => (isId("prefixList", destination) ? destination : [])));
  const byTable = Map.groupBy(routes, (route) => route.route_table_id);
  return (subnet) => spreadLists(byTable.get(tableOf(subnet)) ?? [], blocksOf).flatMap((route) => toRoute(route, targets));
}

interface RouteTargets {
  readonly gateways: ReadonlySet<string>;
  readonly peerings: ReadonlyMap<string, PeeringConnectionId>;
  readonly egressOnly: ReadonlySet<string>;
  /** Interfaces that are on a host, by their own ids and by those of their NAT gateways. */
  readonly placed: ReadonlyMap<string, InterfaceId>;
}

/** A target that is gone, detached or stopped swallows what is sent to it. */
function toRoute({ destination, target_id: target }: RouteRow, { gateways, egressOnly, peerings, placed }: RouteTargets): RouteSpecification[] {
  if (target === "local") return [];
  if (egressOnly.has(target)) return [{ destination, target: { kind: "egress-only" } }];
  if (gateways.has(target)) return [{ destination, target: { kind: "internet" } }];
  const peering = peerings.get(target);
  if (peering !== undefined) return [{ destination, target: { kind: "peering", id: peering } }];
  const nic = placed.get(target);
  if (nic !== undefined) return [{ destination, target: { kind: "interface", id: nic } }];
  return [{ destination, target: { kind: "blackhole" } }];
}

async function readAcls(tx: Tx, vpcId: VpcId): Promise<(subnet: SubnetRow["id"]) => SubnetSpecification["acl"]> {
  const aclOf = await readAclChoice(tx, vpcId);
  const entries = await tx.db
    .selectFrom("network_acl_entries")
    .innerJoin("network_acls", "network_acls.id", "network_acl_entries.network_acl_id")
    .selectAll("network_acl_entries")
    .where("vpc_id", "=", vpcId)
    .orderBy("egress")
    .orderBy("rule_number")
    .execute();
  const byAcl = new Map([...Map.groupBy(entries, (entry) => entry.network_acl_id)].map(([id, rows]) => [id, toAclSpecification(rows)]));
  return (subnet) => byAcl.get(aclOf(subnet)) ?? [];
}

/** The groups, and those that their rules name; these without rules of their own, which would name yet others. */
async function readGroups(tx: Tx, ids: ReadonlySet<string>): Promise<GroupSpecification[]> {
  if (ids.size === 0) return [];
  const rows = await tx.db.selectFrom("security_group_rules").selectAll().where("group_id", "in", [...ids]).orderBy("id").execute();
  const byGroup = Map.groupBy(rows, (row) => row.group_id);
  const named = rows.flatMap((row) => row.referenced_group_id ?? []);
  const blocksOf = await readBlocks(tx, rows.flatMap((row) => row.prefix_list_id ?? []));
  return [...new Set([...ids, ...named])].toSorted().map((id) => ({ id, rules: (byGroup.get(id) ?? []).map((row) => toGroupRuleSpecification(row, blocksOf)) }));
}
