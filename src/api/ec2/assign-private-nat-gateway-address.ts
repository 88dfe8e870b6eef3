import { missingParameter } from "../../base/api-error.ts";
import { addAddresses } from "../../network/nat-gateway-addresses.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { planAddition, showDifference } from "./nat-gateway-addresses-request.ts";
import { listNatGatewayAddresses } from "./views/nat-gateway-view.ts";

/** Gives a private NAT gateway more private addresses. */
export const AssignPrivateNatGatewayAddress = defineAction({
  name: "AssignPrivateNatGatewayAddress",
  supported: "whole",
  load: ({ input, caller, tx }) => {
    const { NatGatewayId: id, PrivateIpAddresses: addresses, PrivateIpAddressCount: count } = input;
    if ((addresses ?? []).length === 0 && count === undefined) throw missingParameter("privateIpAddresses");
    return planAddition(tx, caller, id, "private", { PrivateIpAddresses: addresses, PrivateIpAddressCount: count });
  },
  authorize: ({ gateway }, { caller }) => [{ action: "ec2:AssignPrivateNatGatewayAddress", resource: ec2Arn(caller, "natgateway", gateway.id) }],
  apply: async ({ gateway, nic, subnet, further }, { tx, random, now }) => {
    const before = await listNatGatewayAddresses(tx, gateway);
    await addAddresses(tx, nic, subnet, further, random, now);
    return showDifference(tx, gateway, before, "assigning");
  },
});
