import { missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { changeInterface } from "../../network/interface-attribute.ts";
import { requireManageable } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets the interface take only packets from and to its own addresses again. */
export const ResetNetworkInterfaceAttribute = defineAction({
  name: "ResetNetworkInterfaceAttribute",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    if (input.SourceDestCheck === undefined) throw missingParameter("sourceDestCheck");
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    return nic;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:ResetNetworkInterfaceAttribute", resource: ec2Arn(caller, "network-interface", id) }],
  apply: async (nic, { tx, now }) => {
    await changeInterface(tx, nic, { kind: "columns", columns: { source_dest_check: 1 } }, now);
    return {};
  },
});
