import { missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireSecondary } from "../../network/interface-addresses.ts";
import { removeAddresses, requireInterfaceOf } from "../../network/nat-gateway-addresses.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { showDifference } from "./nat-gateway-addresses-request.ts";
import { listNatGatewayAddresses } from "./views/nat-gateway-view.ts";

/** Takes private addresses from a private NAT gateway; the first one stays. */
export const UnassignPrivateNatGatewayAddress = defineAction({
  name: "UnassignPrivateNatGatewayAddress",
  supported: "whole; connections are not drained",
  load: async ({ input, caller, tx }) => {
    const gateway = await requireOwnedRow(tx, "nat_gateways", caller, input.NatGatewayId ?? "");
    const nic = await requireInterfaceOf(tx, gateway, "private");
    const addresses = input.PrivateIpAddresses ?? [];
    if (addresses.length === 0) throw missingParameter("privateIpAddresses");
    await requireSecondary(tx, nic, addresses);
    return { gateway, nic, addresses };
  },
  authorize: ({ gateway }, { caller }) => [{ action: "ec2:UnassignPrivateNatGatewayAddress", resource: ec2Arn(caller, "natgateway", gateway.id) }],
  apply: async ({ gateway, nic, addresses }, { tx, now }) => {
    const before = await listNatGatewayAddresses(tx, gateway);
    await removeAddresses(tx, nic, addresses, now);
    return showDifference(tx, gateway, before, "unassigning");
  },
});
