import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteInterface, requireUnattached } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Removes an interface that no instance has; an Elastic IP address of it stays allocated. */
export const DeleteNetworkInterface = defineAction({
  name: "DeleteNetworkInterface",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireUnattached(nic);
    return nic;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteNetworkInterface", resource: ec2Arn(caller, "network-interface", id) }],
  apply: async (nic, { tx, now }) => {
    await deleteInterface(tx, nic, now);
    return {};
  },
});
