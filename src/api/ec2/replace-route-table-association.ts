import { invalidParameterValue } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { replaceAssociation, requireAssociation } from "../../network/route-table.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets a subnet use another route table, or makes another one its VPC's main table. */
export const ReplaceRouteTableAssociation = defineAction({
  name: "ReplaceRouteTableAssociation",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const found = await requireAssociation(tx, caller, input.AssociationId ?? "");
    const table = await requireOwnedRow(tx, "route_tables", caller, input.RouteTableId ?? "");
    if (table.vpc_id !== found.table.vpc_id) throw invalidParameterValue(`route table ${table.id} and route table ${found.table.id} belong to different networks`);
    return { found, table };
  },
  authorize: ({ found, table }, { caller }) =>
    [
      ec2Arn(caller, "route-table", found.table.id),
      ec2Arn(caller, "route-table", table.id),
      ...(found.kind === "subnet" ? [ec2Arn(caller, "subnet", found.row.subnet_id)] : []),
    ].map((resource) => ({ action: "ec2:ReplaceRouteTableAssociation", resource })),
  apply: async ({ found, table }, { tx, random, now }) => {
    const id = await replaceAssociation(tx, found, table, random, now);
    return { NewAssociationId: id, AssociationState: { State: "associated" as const } };
  },
});
