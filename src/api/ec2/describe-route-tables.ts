import type { Route, RouteTable } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { associationIdOf } from "./views/derived-ids.ts";
import { tagsOfView, toTagViews } from "./views/tag-view.ts";

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
    "route.destination-ipv6-cidr-block": none,
    "route.destination-prefix-list-id": none,
    "route.egress-only-internet-gateway-id": none,
    "route.gateway-id": (table) => routes(table).map((route) => route.GatewayId),
    "route.instance-id": none,
    "route.nat-gateway-id": none,
    "route.origin": (table) => routes(table).map((route) => route.Origin),
    "route.state": (table) => routes(table).map((route) => route.State),
    "route.transit-gateway-id": none,
    "route.vpc-peering-connection-id": none,
    "vpc-id": (table) => table.VpcId,
  },
};

/** The account's route tables in this region. Subnets without a table of their own use their VPC's main one. */
export const DescribeRouteTables = defineDescribe({
  name: "DescribeRouteTables",
  supported: "whole",
  ids: ({ RouteTableIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const rows = await ownedRows(tx, "route_tables", caller, input.RouteTableIds);
    const tags = await listTagsOfType(tx, caller, "route-table");
    const gateways = new Map((await ownedRows(tx, "internet_gateways", caller)).map((gateway) => [gateway.id, gateway.vpc_id]));
    const ids = rows.map((row) => row.id);
    const all = ids.length === 0 ? [] : await tx.db.selectFrom("routes").selectAll().where("route_table_id", "in", ids).orderBy("destination", "desc").execute();
    const byTable = Map.groupBy(all, (route) => route.route_table_id);
    return rows.map((row): RouteTable => {
      const reachable = (gateway: string) => gateway === "local" || gateways.get(gateway) === row.vpc_id;
      const main = { Main: true, RouteTableAssociationId: associationIdOf("rtbassoc", row.id), RouteTableId: row.id };
      return {
        RouteTableId: row.id,
        VpcId: row.vpc_id,
        OwnerId: row.account,
        Associations: row.main === 1 ? [{ ...main, AssociationState: { State: "associated" } }] : [],
        PropagatingVgws: [],
        Routes: (byTable.get(row.id) ?? []).map((route) => toRouteView(route, reachable(route.gateway_id))),
        Tags: toTagViews(tags.get(row.id)),
      };
    });
  },
  key: (table) => table.RouteTableId ?? "",
  filters,
  page: { minimum: 5, maximum: 100, idsParameter: "routeTableIds" },
  output: (rows, nextToken) => ({ RouteTables: [...rows], ...nextTokenField(nextToken) }),
});

/** A route whose gateway is gone from the VPC leads nowhere (facts §7.2). */
function toRouteView(route: { destination: string; gateway_id: string }, reachable: boolean): Route {
  return {
    DestinationCidrBlock: route.destination,
    GatewayId: route.gateway_id,
    Origin: route.gateway_id === "local" ? "CreateRouteTable" : "CreateRoute",
    State: reachable ? "active" : "blackhole",
  };
}
