import { missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { associateTable, findStandingAssociation } from "../../network/route-table.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets a subnet use this route table instead of its VPC's main one. */
export const AssociateRouteTable = defineAction({
  name: "AssociateRouteTable",
  supported: "subnets; no gateways",
  load: async ({ input, caller, tx }) => {
    const table = await requireOwnedRow(tx, "route_tables", caller, input.RouteTableId ?? "");
    if ((input.GatewayId ?? input.PublicIpv4Pool) !== undefined) throw unsupportedRequest("Route tables of gateways are not supported yet.");
    if (input.SubnetId === undefined) throw missingParameter("subnetId");
    const subnet = await requireOwnedRow(tx, "subnets", caller, input.SubnetId);
    return { table, subnet, standing: await findStandingAssociation(tx, table, subnet) };
  },
  authorize: ({ table, subnet }, { caller }) => [
    { action: "ec2:AssociateRouteTable", resource: ec2Arn(caller, "route-table", table.id) },
    { action: "ec2:AssociateRouteTable", resource: ec2Arn(caller, "subnet", subnet.id) },
  ],
  apply: async ({ table, subnet, standing }, { tx, random, now }) => {
    const { id } = standing ?? (await associateTable(tx, table, subnet, random, now));
    return { AssociationId: id, AssociationState: { State: "associated" as const } };
  },
});
