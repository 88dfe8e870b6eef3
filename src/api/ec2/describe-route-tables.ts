import type { RouteTable } from "@aws-sdk/client-ec2";
import { ownedRows, type Owner } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { listAssociations, type RouteTableRow } from "../../network/route-table.ts";
import { readRouteTargets } from "../../network/route.ts";
import type { Tx } from "../../store/store.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toRouteTableView } from "./views/route-table-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

const associations = (table: RouteTable) => table.Associations ?? [];
const routes = (table: RouteTable) => table.Routes ?? [];
const none = () => undefined;

const filters: FilterTable<RouteTable> = {
  tags: tagsOfView,
  fields: {
    "association.gateway-id": none,
    "association.main": (table) => associations(table).map((each) => each.Main),
    "association.route-table-association-id": (table) => associations(table).map((each) => each.RouteTableAssociationId),
    "association.route-table-id": (table) => associations(table).map((each) => each.RouteTableId),
    "association.subnet-id": (table) => associations(table).map((each) => each.SubnetId),
    "owner-id": (table) => table.OwnerId,
    "route-table-id": (table) => table.RouteTableId,
    "route.destination-cidr-block": (table) => routes(table).map((route) => route.DestinationCidrBlock),
    "route.destination-ipv6-cidr-block": (table) => routes(table).map((route) => route.DestinationIpv6CidrBlock),
    "route.destination-prefix-list-id": (table) => routes(table).map((route) => route.DestinationPrefixListId),
    "route.egress-only-internet-gateway-id": (table) => routes(table).map((route) => route.EgressOnlyInternetGatewayId),
    "route.gateway-id": (table) => routes(table).map((route) => route.GatewayId),
    "route.instance-id": (table) => routes(table).map((route) => route.InstanceId),
    "route.nat-gateway-id": (table) => routes(table).map((route) => route.NatGatewayId),
    "route.origin": (table) => routes(table).map((route) => route.Origin),
    "route.state": (table) => routes(table).map((route) => route.State),
    "route.transit-gateway-id": none,
    "route.vpc-peering-connection-id": (table) => routes(table).map((route) => route.VpcPeeringConnectionId),
    "vpc-id": (table) => table.VpcId,
  },
};

/** The account's route tables in this region. Subnets without a table of their own use their VPC's main one. */
export const DescribeRouteTables = defineDescribe({
  name: "DescribeRouteTables",
  supported: "whole",
  ids: ({ RouteTableIds: ids }) => ids,
  list: async ({ input, caller, tx }) => viewRouteTables(tx, caller, await ownedRows(tx, "route_tables", caller, input.RouteTableIds)),
  key: (table) => table.RouteTableId ?? "",
  filters,
  page: { minimum: 5, maximum: 100, idsParameter: "routeTableIds" },
  output: (rows, nextToken) => ({ RouteTables: [...rows], ...nextTokenField(nextToken) }),
});

/** The owner's tables with all that is in them. */
export async function viewRouteTables(tx: Tx, owner: Owner, rows: readonly RouteTableRow[]): Promise<RouteTable[]> {
  const ids = rows.map((row) => row.id);
  const tags = await listTagsOfType(tx, owner, "route-table");
  const targets = await readRouteTargets(tx, owner);
  const all = ids.length === 0 ? [] : await tx.db.selectFrom("routes").selectAll().where("route_table_id", "in", ids).orderBy("destination", "desc").execute();
  const routes = Map.groupBy(all, (route) => route.route_table_id);
  const associations = Map.groupBy(await listAssociations(tx, ids), (association) => association.route_table_id);
  return rows.map((row) =>
    toRouteTableView(row, { associations: associations.get(row.id) ?? [], routes: routes.get(row.id) ?? [], targets, tags: tags.get(row.id) }),
  );
}
