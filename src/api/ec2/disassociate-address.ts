import { managedByService } from "../../base/api-error.ts";
import { requireAssociated } from "../../compute/elastic-ip-request.ts";
import { disassociate } from "../../network/elastic-ip.ts";
import { isOfNatGateway } from "../../network/nat-gateway.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes an Elastic IP address from what it stands for; it stays the account's. */
export const DisassociateAddress = defineAction({
  name: "DisassociateAddress",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const row = await requireAssociated(tx, caller, input);
    if (await isOfNatGateway(tx, row)) throw managedByService();
    return row;
  },
  authorize: (row, { caller }) =>
    [ec2Arn(caller, "elastic-ip", row.id), ...(row.interface_id === null ? [] : [ec2Arn(caller, "network-interface", row.interface_id)])].map((resource) => ({
      action: "ec2:DisassociateAddress",
      resource,
    })),
  apply: async (row, { tx, now }) => {
    await disassociate(tx, row, now);
    return {};
  },
});
