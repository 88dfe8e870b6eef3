/** A route as CreateRoute, ReplaceRoute and DeleteRoute name it. */
import { invalidParameterCombination, missingParameter } from "../../base/api-error.ts";
import { requireRouteTarget, type RouteDestination, type TargetRequest, type UnsupportedTargets } from "../../compute/route-target.ts";
import { requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { requirePrefixList } from "../../network/prefix-lists.ts";
import type { RouteTableRow } from "../../network/route-table.ts";
import { requireDestination, requireIpv6Destination } from "../../network/route.ts";
import type { RouteRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";

interface DestinationRequest {
  readonly RouteTableId?: string | undefined;
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationIpv6CidrBlock?: string | undefined;
  readonly DestinationPrefixListId?: string | undefined;
}

export async function requireTableAndDestination(tx: Tx, owner: Owner, request: DestinationRequest): Promise<RouteDestination & { table: RouteTableRow }> {
  const { DestinationCidrBlock: ipv4, DestinationIpv6CidrBlock: ipv6, DestinationPrefixListId: list } = request;
  if ([ipv4, ipv6, list].filter((each) => each !== undefined).length > 1) throw invalidParameterCombination("Exactly one route destination may be specified.");
  const table = await requireOwnedRow(tx, "route_tables", owner, request.RouteTableId ?? "");
  if (list !== undefined) return { table, ...(await requireListDestination(tx, owner, list)) };
  if (ipv6 !== undefined) return { table, destination: requireIpv6Destination(ipv6), family: "IPv6" };
  if (ipv4 === undefined) throw missingParameter("destinationCidrBlock");
  return { table, destination: requireDestination(ipv4), family: "IPv4" };
}

async function requireListDestination(tx: Tx, owner: Owner, id: string): Promise<RouteDestination> {
  const { id: destination, family } = await requirePrefixList(tx, owner, id);
  return { destination, family };
}

export async function toRoute(tx: Tx, owner: Owner, request: DestinationRequest & TargetRequest & UnsupportedTargets): Promise<{ table: RouteTableRow; route: RouteRow }> {
  const { table, destination, family } = await requireTableAndDestination(tx, owner, request);
  return { table, route: { route_table_id: table.id, destination, target_id: await requireRouteTarget(tx, owner, table, { destination, family }, request) } };
}
