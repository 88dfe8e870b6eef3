import { listTags } from "../../compute/tags.ts";
import { acceptPeering, requireAccepter, requirePeering, requirePending } from "../../network/vpc-peering.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toPeeringView } from "./views/vpc-peering-view.ts";

/** Lets packets pass between the two VPCs wherever routes and groups of both allow them. */
export const AcceptVpcPeeringConnection = defineAction({
  name: "AcceptVpcPeeringConnection",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => {
    const row = await requirePeering(tx, caller, input.VpcPeeringConnectionId ?? "", now);
    requireAccepter(row, caller, "accept");
    requirePending(row, "active", now);
    return row;
  },
  authorize: ({ id, accepter_vpc_id: vpcId }, { caller }) =>
    [ec2Arn(caller, "vpc-peering-connection", id), ec2Arn(caller, "vpc", vpcId)].map((resource) => ({ action: "ec2:AcceptVpcPeeringConnection", resource })),
  apply: async (row, { tx, now }) => {
    const accepted = await acceptPeering(tx, row, now);
    return { VpcPeeringConnection: await toPeeringView(tx, accepted, (await listTags(tx, [row.id])).get(row.id), now) };
  },
});
