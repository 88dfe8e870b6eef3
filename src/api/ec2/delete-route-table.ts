import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteRouteTable, requireUnusedTable } from "../../network/route-table.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Removes a route table that no subnet uses and that is not its VPC's main one. */
export const DeleteRouteTable = defineAction({
  name: "DeleteRouteTable",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const table = await requireOwnedRow(tx, "route_tables", caller, input.RouteTableId ?? "");
    await requireUnusedTable(tx, table);
    return table;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteRouteTable", resource: ec2Arn(caller, "route-table", id) }],
  apply: async (table, { tx }) => {
    await deleteRouteTable(tx, table);
    return {};
  },
});
