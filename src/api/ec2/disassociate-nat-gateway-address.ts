import { missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { removeAddresses, requireAssociated, requireInterfaceOf } from "../../network/nat-gateway-addresses.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { showDifference } from "./nat-gateway-addresses-request.ts";
import { listNatGatewayAddresses } from "./views/nat-gateway-view.ts";

/** Takes Elastic IP addresses from a public NAT gateway, and the private ones that they stood for. */
export const DisassociateNatGatewayAddress = defineAction({
  name: "DisassociateNatGatewayAddress",
  supported: "whole; connections are not drained",
  load: async ({ input, caller, tx }) => {
    const gateway = await requireOwnedRow(tx, "nat_gateways", caller, input.NatGatewayId ?? "");
    const nic = await requireInterfaceOf(tx, gateway, "public");
    if ((input.AssociationIds ?? []).length === 0) throw missingParameter("associationIds");
    return { gateway, nic, addresses: await requireAssociated(tx, nic, input.AssociationIds ?? []) };
  },
  authorize: ({ gateway }, { caller }) => [{ action: "ec2:DisassociateNatGatewayAddress", resource: ec2Arn(caller, "natgateway", gateway.id) }],
  apply: async ({ gateway, nic, addresses }, { tx, now }) => {
    const before = await listNatGatewayAddresses(tx, gateway);
    await removeAddresses(tx, nic, addresses, now);
    return showDifference(tx, gateway, before, "disassociating");
  },
});
