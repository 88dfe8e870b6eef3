import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteNatGateway } from "../../network/nat-gateway.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes a NAT gateway away; its Elastic IP address stays the account's, and routes to it lead nowhere. */
export const DeleteNatGateway = defineAction({
  name: "DeleteNatGateway",
  supported: "whole",
  load: ({ input, caller, tx }) => requireOwnedRow(tx, "nat_gateways", caller, input.NatGatewayId ?? ""),
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteNatGateway", resource: ec2Arn(caller, "natgateway", id) }],
  apply: async (gateway, { tx, now }) => {
    await deleteNatGateway(tx, gateway, now);
    return { NatGatewayId: gateway.id };
  },
});
