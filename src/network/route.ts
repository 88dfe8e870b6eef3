/** Routes: where a table sends what is not local. A target that is gone or stopped leaves a blackhole (facts §7.2). */
import { type ApiError, invalidParameterValue, limitExceeded, malformedCidr, routeExists, routeNotFound, routeNotSupported } from "../base/api-error.ts";
import { formatCidr, parseCidr } from "../base/ipv4.ts";
import { isIpv6Text, normalizeIpv6Cidr } from "../base/ipv6.ts";
import { isId, type InstanceId } from "../base/ids.ts";
import type { RouteRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { blockOf, isRowWithin, isWithin } from "./cidr-block.ts";
import { listPrefixLists } from "./prefix-lists.ts";
import type { RouteTableRow } from "./route-table.ts";
import { listVpcCidrs } from "./vpc-cidrs.ts";
import { listIpv6Cidrs } from "./vpc-ipv6-cidrs.ts";
import { touchVpc } from "./vpc-specification.ts";
import type { NetworkOwner } from "./vpc.ts";

const routeLimit = 500;
/** Addresses of EC2's own services, which no route takes away. */
const serviceRange = blockOf("169.254.168.0/22");

/** The destination as a row has it, its host bits cleared. */
export function requireDestination(text: string): string {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw malformedCidr("destinationCidrBlock", text);
  const destination = formatCidr(cidr);
  if (isWithin(cidr, serviceRange)) throw routeNotSupported(destination);
  return destination;
}

/** An IPv6 destination as a row has it. */
export function requireIpv6Destination(text: string): string {
  const destination = normalizeIpv6Cidr(text);
  if (destination === undefined) throw malformedCidr("destinationIpv6CidrBlock", text);
  return destination;
}

export function findRoute(tx: Tx, tableId: string, destination: string): Promise<RouteRow | undefined> {
  return tx.db.selectFrom("routes").selectAll().where("route_table_id", "=", tableId).where("destination", "=", destination).executeTakeFirst();
}

/** Fails when the table has the destination already, unless with the same target, or has no room for another. */
export async function requireNewRoute(tx: Tx, route: RouteRow): Promise<void> {
  const standing = await findRoute(tx, route.route_table_id, route.destination);
  if (standing !== undefined && standing.target_id !== route.target_id) throw routeExists(route.destination);
  const mine = tx.db.selectFrom("routes").where("route_table_id", "=", route.route_table_id);
  const routes = [...(await mine.select("destination").execute()), route];
  if ((await countRoutes(tx, route.route_table_id, routes)) > routeLimit) throw tableFull();
}

/** A prefix list counts as all the entries that it may have. */
async function countRoutes(tx: Tx, tableId: string, routes: readonly Pick<RouteRow, "destination">[]): Promise<number> {
  if (!routes.some(({ destination }) => isId("prefixList", destination))) return routes.length;
  const table = await tx.db.selectFrom("route_tables").select(["account", "region"]).where("id", "=", tableId).executeTakeFirstOrThrow();
  const lists = await listPrefixLists(tx, table);
  return routes.map(({ destination }) => lists.find(({ id }) => id === destination)?.weight ?? 1).reduce((sum, weight) => sum + weight, 0);
}

/** Fails when the tables that name the list have no room for one that is so large. */
export async function requireRoomInTables(tx: Tx, list: string, weight: number): Promise<void> {
  const tables = await tx.db.selectFrom("routes").select("route_table_id").where("destination", "=", list).execute();
  for (const { route_table_id: id } of tables) {
    const others = await tx.db.selectFrom("routes").select("destination").where("route_table_id", "=", id).where("destination", "!=", list).execute();
    if ((await countRoutes(tx, id, others)) + weight > routeLimit) throw tableFull();
  }
}

function tableFull(): ApiError {
  return limitExceeded("RouteLimitExceeded", `The maximum number of routes per route table has been reached: ${routeLimit}.`);
}

/** Inside the VPC only whole subnets can be sent elsewhere, and only to an interface or a NAT gateway. */
export async function requireFitInVpc(tx: Tx, table: RouteTableRow, { destination, target_id: target }: RouteRow): Promise<void> {
  if (target === "local" || isId("prefixList", destination)) return; // what of a list is in the VPC stays local
  const vpc = await tx.db.selectFrom("vpcs").select(["id", "cidr"]).where("id", "=", table.vpc_id).executeTakeFirstOrThrow();
  const outer = (await listAllCidrs(tx, vpc)).find((cidr) => isRowWithin(destination, cidr));
  if (outer === undefined) return;
  if (!target.startsWith("eni-") && !target.startsWith("nat-")) {
    throw invalidParameterValue(
      `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface, an instance or a NAT gateway.`,
    );
  }
  if (outer === destination) return;
  const subnet = await tx.db.selectFrom("subnets").select("id").where("vpc_id", "=", vpc.id).where(isIpv6Text(destination) ? "ipv6_cidr" : "cidr", "=", destination).executeTakeFirst();
  if (subnet === undefined) throw invalidParameterValue(`The destination CIDR block ${destination} does not match the CIDR block of any subnet in the VPC.`);
}

/** Fails unless the route is there and may be replaced. */
export async function requireReplaceable(tx: Tx, table: RouteTableRow, { destination, target_id: target }: RouteRow): Promise<void> {
  const standing = await findRoute(tx, table.id, destination);
  if (standing === undefined) throw invalidParameterValue(`There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`);
  refuseEndpointRoute(table, standing);
  if (target === "local" && !(await isLocal(tx, table, destination))) throw invalidParameterValue(`The route ${destination} is not a local route.`);
}

/** Fails unless the route is there and is not the VPC's own. */
export async function requireRemovable(tx: Tx, table: RouteTableRow, destination: string): Promise<RouteRow> {
  const route = await findRoute(tx, table.id, destination);
  if (route === undefined) throw routeNotFound(destination, table.id);
  refuseEndpointRoute(table, route);
  if (await isLocal(tx, table, destination)) throw invalidParameterValue(`cannot remove local route ${destination} in route table ${table.id}`);
  return route;
}

/** It comes and goes with the endpoint's own list of tables. */
function refuseEndpointRoute(table: RouteTableRow, { destination, target_id: target }: RouteRow): void {
  if (isId("vpcEndpoint", target)) throw invalidParameterValue(`cannot remove VPC endpoint route ${destination} in route table ${table.id}`);
}

async function isLocal(tx: Tx, table: RouteTableRow, destination: string): Promise<boolean> {
  const vpc = await tx.db.selectFrom("vpcs").select(["id", "cidr"]).where("id", "=", table.vpc_id).executeTakeFirstOrThrow();
  return (await listAllCidrs(tx, vpc)).includes(destination);
}

async function listAllCidrs(tx: Tx, vpc: Pick<VpcRow, "id" | "cidr">): Promise<string[]> {
  return [...(await listVpcCidrs(tx, vpc)), ...(await listIpv6Cidrs(tx, vpc.id))];
}

/** Writes the route over one of the same destination. */
export async function putRoute(tx: Tx, table: RouteTableRow, route: RouteRow, now: number): Promise<void> {
  const { target_id } = route;
  await tx.db
    .insertInto("routes")
    .values(route)
    .onConflict((conflict) => conflict.columns(["route_table_id", "destination"]).doUpdateSet({ target_id }))
    .execute();
  await touchVpc(tx, table.vpc_id, now);
}

export async function removeRoute(tx: Tx, table: RouteTableRow, { destination }: RouteRow, now: number): Promise<void> {
  await tx.db.deleteFrom("routes").where("route_table_id", "=", table.id).where("destination", "=", destination).execute();
  await touchVpc(tx, table.vpc_id, now);
}

/** What routes lead to, as far as it is there: VPCs by gateway of either kind, instances by interface. */
export interface RouteTargets {
  readonly gateways: ReadonlyMap<string, string | null>;
  /** Peering connections that are active; a route's table is of one of their VPCs. */
  readonly peerings: ReadonlySet<string>;
  readonly interfaces: ReadonlyMap<string, { readonly instanceId: InstanceId | null; readonly isPlaced: boolean }>;
}

export async function readRouteTargets(tx: Tx, { account, region }: NetworkOwner): Promise<RouteTargets> {
  const gateways = await tx.db.selectFrom("internet_gateways").select(["id", "vpc_id"]).where("account", "=", account).where("region", "=", region).execute();
  const egressOnly = await tx.db.selectFrom("egress_only_gateways").select(["id", "vpc_id"]).where("account", "=", account).where("region", "=", region).execute();
  const interfaces = await tx.db
    .selectFrom("network_interfaces")
    .leftJoin("instances", "instances.id", "network_interfaces.instance_id")
    .select(["network_interfaces.id as id", "instance_id", "host_id"])
    .where("network_interfaces.account", "=", account)
    .where("network_interfaces.region", "=", region)
    .execute();
  const natGateways = await tx.db.selectFrom("nat_gateways").select(["id", "vpc_id"]).where("account", "=", account).where("region", "=", region).where("want", "=", "present").where("ended_at", "is", null).execute();
  const peerings = await tx.db.selectFrom("vpc_peering_connections").select("id").where("state", "=", "active").where(({ eb, or }) => or([eb("requester_account", "=", account), eb("accepter_account", "=", account)])).execute();
  return {
    peerings: new Set(peerings.map(({ id }) => id)),
    gateways: new Map([...gateways, ...egressOnly, ...natGateways].map((row) => [row.id, row.vpc_id])),
    interfaces: new Map(interfaces.map((row) => [row.id, { instanceId: row.instance_id, isPlaced: row.host_id !== null }])),
  };
}

/** Whether what is sent along the route of the VPC's table arrives anywhere. */
export function isActive({ target_id: target }: RouteRow, vpcId: string, { gateways, interfaces, peerings }: RouteTargets): boolean {
  return target === "local" || isId("vpcEndpoint", target) || peerings.has(target) || gateways.get(target) === vpcId || interfaces.get(target)?.isPlaced === true;
}
