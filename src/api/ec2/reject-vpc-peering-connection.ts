import { rejectPeering, requireAccepter, requirePeering, requirePending } from "../../network/vpc-peering.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Refuses another VPC's request. */
export const RejectVpcPeeringConnection = defineAction({
  name: "RejectVpcPeeringConnection",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => {
    const row = await requirePeering(tx, caller, input.VpcPeeringConnectionId ?? "", now);
    requireAccepter(row, caller, "reject");
    requirePending(row, "rejected", now);
    return row;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:RejectVpcPeeringConnection", resource: ec2Arn(caller, "vpc-peering-connection", id) }],
  apply: async (row, { tx, now }) => {
    await rejectPeering(tx, row, now);
    return { Return: true };
  },
});
