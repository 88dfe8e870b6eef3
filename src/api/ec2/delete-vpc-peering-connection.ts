import { deletePeering, requireDeletable, requirePeering } from "../../network/vpc-peering.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Ends a peering connection, which both owners may, or takes back a request; packets stop at once, routes to it become black holes. */
export const DeleteVpcPeeringConnection = defineAction({
  name: "DeleteVpcPeeringConnection",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => {
    const row = await requirePeering(tx, caller, input.VpcPeeringConnectionId ?? "", now);
    requireDeletable(row, caller, now);
    return row;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteVpcPeeringConnection", resource: ec2Arn(caller, "vpc-peering-connection", id) }],
  apply: async (row, { tx, now }) => {
    await deletePeering(tx, row, now);
    return { Return: true };
  },
});
