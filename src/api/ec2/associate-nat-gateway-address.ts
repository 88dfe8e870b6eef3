import { missingParameter } from "../../base/api-error.ts";
import { addAddresses } from "../../network/nat-gateway-addresses.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { planAddition, showDifference } from "./nat-gateway-addresses-request.ts";
import { listNatGatewayAddresses } from "./views/nat-gateway-view.ts";

/** Gives a public NAT gateway more Elastic IP addresses, each with a private address. */
export const AssociateNatGatewayAddress = defineAction({
  name: "AssociateNatGatewayAddress",
  supported: "zonal gateways",
  load: ({ input, caller, tx }) => {
    if ((input.AllocationIds ?? []).length === 0) throw missingParameter("allocationIds");
    return planAddition(tx, caller, input.NatGatewayId, "public", { AllocationIds: input.AllocationIds, PrivateIpAddresses: input.PrivateIpAddresses });
  },
  authorize: ({ gateway, further }, { caller }) =>
    [ec2Arn(caller, "natgateway", gateway.id), ...further.elasticIps.map(({ id }) => ec2Arn(caller, "elastic-ip", id))].map((resource) => ({ action: "ec2:AssociateNatGatewayAddress", resource })),
  apply: async ({ gateway, nic, subnet, further }, { tx, random, now }) => {
    const before = await listNatGatewayAddresses(tx, gateway);
    await addAddresses(tx, nic, subnet, further, random, now);
    return showDifference(tx, gateway, before, "associating");
  },
});
