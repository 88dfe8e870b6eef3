/** What a route is to lead to, from the request's many ways of saying it: exactly one target (facts §7.2). */
import { gatewayNotFound, invalidParameterCombination, invalidParameterValue, missingParameter, multipleInterfaces, natGatewayTargetNotFound, notFound, unsupportedRequest } from "../base/api-error.ts";
import { isId, type PeeringConnectionId, type VpcId } from "../base/ids.ts";
import { listInterfacesOf, requireManageable } from "../network/network-interface.ts";
import type { RouteTableRow } from "../network/route-table.ts";
import type { PrefixListRow } from "../store/prefix-list-tables.ts";
import type { Tx } from "../store/store.ts";
import { requireInstances } from "./instance.ts";
import { requireOwnedRow, type Owner } from "./owned-rows.ts";
import { requireWellFormed } from "./resources.ts";

/** As a row has it, and of which addresses it is; a prefix list does not say so itself. */
export interface RouteDestination {
  readonly destination: string;
  readonly family: PrefixListRow["family"];
}

/** The members of CreateRoute and ReplaceRoute that name a target. */
export interface TargetRequest {
  readonly GatewayId?: string | undefined;
  readonly EgressOnlyInternetGatewayId?: string | undefined;
  readonly NatGatewayId?: string | undefined;
  readonly VpcPeeringConnectionId?: string | undefined;
  readonly InstanceId?: string | undefined;
  readonly NetworkInterfaceId?: string | undefined;
  readonly LocalTarget?: boolean | undefined;
}

const otherTargets = [
  "TransitGatewayId",
  "LocalGatewayId",
  "CarrierGatewayId",
  "CoreNetworkArn",
  "OdbNetworkArn",
  "VpcEndpointId",
] as const;

export type UnsupportedTargets = { readonly [Name in (typeof otherTargets)[number]]?: string | undefined };

/** The target's id as routes have it, or `local`. Fails when it is not there, not of the table's VPC, or not for addresses like the destination's. */
export async function requireRouteTarget(tx: Tx, owner: Owner, table: RouteTableRow, { destination, family }: RouteDestination, request: TargetRequest & UnsupportedTargets): Promise<string> {
  if (otherTargets.some((name) => request[name] !== undefined)) {
    throw unsupportedRequest("Routes to endpoints and other gateways are not supported yet.");
  }
  const { GatewayId: gateway, NatGatewayId: natGateway, InstanceId: instance, NetworkInterfaceId: nic, LocalTarget: local, VpcPeeringConnectionId: peering } = request;
  const { EgressOnlyInternetGatewayId: egressOnly } = request;
  const given = [gateway, egressOnly, natGateway, peering, instance, nic, local === true ? "local" : undefined].filter((each) => each !== undefined);
  if (given.length === 0) throw missingParameter("gatewayId");
  if (given.length > 1) throw invalidParameterCombination("Exactly one route target may be specified.");
  if (egressOnly !== undefined && family === "IPv4") throw invalidParameterValue(`Destination ${destination} cannot be routed to an egress-only internet gateway, which is for IPv6.`);
  if (natGateway !== undefined && family === "IPv6") throw unsupportedRequest("NAT gateways do not translate IPv6 yet.");
  if (gateway !== undefined) return requireGateway(tx, owner, table, gateway);
  if (egressOnly !== undefined) return requireEgressOnlyGateway(tx, owner, table, egressOnly);
  if (natGateway !== undefined) return requireNatGateway(tx, owner, table, natGateway);
  if (peering !== undefined) return requirePeering(tx, table, peering);
  if (instance !== undefined) return requireInterfaceOfInstance(tx, owner, table, instance);
  return nic === undefined ? "local" : requireInterface(tx, owner, table, nic);
}

async function requireGateway(tx: Tx, { account, region }: Owner, table: RouteTableRow, id: string): Promise<string> {
  if (id === "local") return id;
  const mine = tx.db.selectFrom("internet_gateways").select("vpc_id").where("account", "=", account).where("region", "=", region);
  const row = isId("internetGateway", id) ? await mine.where("id", "=", id).executeTakeFirst() : undefined;
  if (row === undefined) throw gatewayNotFound(id);
  requireSameVpc(table, row.vpc_id, `network gateway ${id}`);
  return id;
}

async function requireEgressOnlyGateway(tx: Tx, owner: Owner, table: RouteTableRow, id: string): Promise<string> {
  const gateway = await requireOwnedRow(tx, "egress_only_gateways", owner, id);
  requireSameVpc(table, gateway.vpc_id, `network gateway ${id}`);
  return gateway.id;
}

/** One that is gone, failed or is being deleted is as good as none. */
async function requireNatGateway(tx: Tx, { account, region }: Owner, table: RouteTableRow, id: string): Promise<string> {
  const mine = tx.db.selectFrom("nat_gateways").select("vpc_id").where("account", "=", account).where("region", "=", region).where("want", "=", "present").where("ended_at", "is", null);
  const row = isId("natGateway", id) ? await mine.where("id", "=", id).executeTakeFirst() : undefined;
  if (row === undefined) throw natGatewayTargetNotFound(id);
  requireSameVpc(table, row.vpc_id, `NAT gateway ${id}`);
  return id;
}

/** The request alone is enough: until it is accepted the route is a blackhole. */
async function requirePeering(tx: Tx, table: RouteTableRow, id: string): Promise<string> {
  requireWellFormed("vpcPeeringConnection", [id]);
  const live = tx.db.selectFrom("vpc_peering_connections").select(["requester_vpc_id", "accepter_vpc_id"]).where("id", "=", id as PeeringConnectionId).where("state", "in", ["pending-acceptance", "active"]); // well-formed
  const row = await live.where(({ eb, or }) => or([eb("requester_account", "=", table.account), eb("accepter_account", "=", table.account)])).executeTakeFirst();
  if (row === undefined) throw notFound("vpcPeeringConnection", id);
  if (row.accepter_vpc_id !== table.vpc_id) requireSameVpc(table, row.requester_vpc_id, `VPC peering connection ${id}`);
  return id;
}

async function requireInterface(tx: Tx, owner: Owner, table: RouteTableRow, id: string): Promise<string> {
  const nic = await requireOwnedRow(tx, "network_interfaces", owner, id);
  requireManageable(nic); // routes name the gateway itself
  requireSameVpc(table, nic.vpc_id, `interface ${id}`);
  return id;
}

async function requireInterfaceOfInstance(tx: Tx, owner: Owner, table: RouteTableRow, id: string): Promise<string> {
  await requireInstances(tx, owner, [id]);
  const [nic, ...more] = await listInterfacesOf(tx, id as `i-${string}`); // well-formed, since it was found
  if (nic === undefined || more.length > 0) throw multipleInterfaces(id);
  requireSameVpc(table, nic.vpc_id, `interface ${nic.id}`);
  return nic.id;
}

function requireSameVpc(table: RouteTableRow, vpcId: VpcId | null, other: string): void {
  if (vpcId !== table.vpc_id) throw invalidParameterValue(`route table ${table.id} and ${other} belong to different networks`);
}
