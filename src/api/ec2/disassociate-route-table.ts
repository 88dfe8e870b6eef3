import { invalidParameterValue } from "../../base/api-error.ts";
import { disassociateTable, requireAssociation } from "../../network/route-table.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets a subnet use its VPC's main route table again. */
export const DisassociateRouteTable = defineAction({
  name: "DisassociateRouteTable",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const id = input.AssociationId ?? "";
    const found = await requireAssociation(tx, caller, id);
    if (found.kind === "main") throw invalidParameterValue(`cannot disassociate the main route table association ${id}`);
    return found;
  },
  authorize: ({ table, row }, { caller }) => [
    { action: "ec2:DisassociateRouteTable", resource: ec2Arn(caller, "route-table", table.id) },
    { action: "ec2:DisassociateRouteTable", resource: ec2Arn(caller, "subnet", row.subnet_id) },
  ],
  apply: async (found, { tx, now }) => {
    await disassociateTable(tx, found, now);
    return {};
  },
});
