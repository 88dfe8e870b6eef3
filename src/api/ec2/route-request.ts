/** A route as CreateRoute, ReplaceRoute and DeleteRoute name it. */
import { invalidParameterCombination, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireRouteTarget, type TargetRequest, type UnsupportedTargets } from "../../compute/route-target.ts";
import { requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { requirePrefixList } from "../../network/prefix-lists.ts";
import type { RouteTableRow } from "../../network/route-table.ts";
import { requireDestination } from "../../network/route.ts";
import type { RouteRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";

interface DestinationRequest {
  readonly RouteTableId?: string | undefined;
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationIpv6CidrBlock?: string | undefined;
  readonly DestinationPrefixListId?: string | undefined;
}

export async function requireTableAndDestination(tx: Tx, owner: Owner, request: DestinationRequest): Promise<{ table: RouteTableRow; destination: string }> {
  if (request.DestinationIpv6CidrBlock !== undefined) throw unsupportedRequest("IPv6 destinations are not supported yet.");
  const table = await requireOwnedRow(tx, "route_tables", owner, request.RouteTableId ?? "");
  if (request.DestinationPrefixListId !== undefined) return { table, destination: await requireListDestination(tx, owner, request) };
  if (request.DestinationCidrBlock === undefined) throw missingParameter("destinationCidrBlock");
  return { table, destination: requireDestination(request.DestinationCidrBlock) };
}

async function requireListDestination(tx: Tx, owner: Owner, { DestinationPrefixListId: id = "", DestinationCidrBlock: cidr }: DestinationRequest): Promise<string> {
  if (cidr !== undefined) throw invalidParameterCombination("Exactly one route destination may be specified.");
  const list = await requirePrefixList(tx, owner, id);
  if (list.family !== "IPv4") throw unsupportedRequest("IPv6 destinations are not supported yet.");
  return list.id;
}

export async function toRoute(tx: Tx, owner: Owner, request: DestinationRequest & TargetRequest & UnsupportedTargets): Promise<{ table: RouteTableRow; route: RouteRow }> {
  const { table, destination } = await requireTableAndDestination(tx, owner, request);
  return { table, route: { route_table_id: table.id, destination, target_id: await requireRouteTarget(tx, owner, table, request) } };
}
