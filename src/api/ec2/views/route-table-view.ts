/** Route tables as EC2 shows them. */
import type { Route, RouteTable, RouteTableAssociation } from "@aws-sdk/client-ec2";
import { isId } from "../../../base/ids.ts";
import { isIpv6Text } from "../../../base/ipv6.ts";
import type { Tag } from "../../../compute/tags.ts";
import { mainAssociationId, type AssociationRow, type RouteTableRow } from "../../../network/route-table.ts";
import { isActive, type RouteTargets } from "../../../network/route.ts";
import type { RouteRow } from "../../../store/network-tables.ts";
import { toTagViews } from "./tag-view.ts";

export interface RouteTableParts {
  readonly associations: readonly AssociationRow[];
  readonly routes: readonly RouteRow[];
  readonly targets: RouteTargets;
  readonly tags: readonly Tag[] | undefined;
}

export function toRouteTableView(row: RouteTableRow, { associations, routes, targets, tags }: RouteTableParts): RouteTable {
  const own = associations.map((each) => toAssociationView(row, { RouteTableAssociationId: each.id, Main: false, SubnetId: each.subnet_id }));
  return {
    RouteTableId: row.id,
    VpcId: row.vpc_id,
    OwnerId: row.account,
    Associations: row.main === 1 ? [toAssociationView(row, { RouteTableAssociationId: mainAssociationId(row.id), Main: true }), ...own] : own,
    PropagatingVgws: [],
    Routes: routes.map((route) => toRouteView(row, route, targets)),
    Tags: toTagViews(tags),
  };
}

function toAssociationView(row: RouteTableRow, association: RouteTableAssociation): RouteTableAssociation {
  return { ...association, RouteTableId: row.id, AssociationState: { State: "associated" } };
}

function toRouteView(row: RouteTableRow, route: RouteRow, targets: RouteTargets): Route {
  return {
    ...toDestination(route.destination),
    ...toTargetView(row, route.target_id, targets),
    Origin: route.target_id === "local" ? "CreateRouteTable" : "CreateRoute",
    State: isActive(route, row.vpc_id, targets) ? "active" : "blackhole",
  };
}

function toDestination(destination: string): Route {
  if (isId("prefixList", destination)) return { DestinationPrefixListId: destination };
  return isIpv6Text(destination) ? { DestinationIpv6CidrBlock: destination } : { DestinationCidrBlock: destination };
}

function toTargetView({ account }: RouteTableRow, target: string, { interfaces }: RouteTargets): Route {
  if (target.startsWith("eigw-")) return { EgressOnlyInternetGatewayId: target };
  if (target.startsWith("nat-")) return { NatGatewayId: target };
  if (target.startsWith("pcx-")) return { VpcPeeringConnectionId: target };
  if (!target.startsWith("eni-")) return { GatewayId: target };
  const instance = interfaces.get(target)?.instanceId ?? undefined;
  return { NetworkInterfaceId: target, ...(instance === undefined ? {} : { InstanceId: instance, InstanceOwnerId: account }) };
}
