import { missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireSecondary, unassignSecondary } from "../../network/interface-addresses.ts";
import { requireManageable } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes secondary private addresses from an interface. */
export const UnassignPrivateIpAddresses = defineAction({
  name: "UnassignPrivateIpAddresses",
  supported: "addresses; no prefix delegation",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    if ((input.Ipv4Prefixes ?? []).length > 0) throw unsupportedRequest("Prefix delegation is not supported yet.");
    const addresses = input.PrivateIpAddresses ?? [];
    if (addresses.length === 0) throw missingParameter("privateIpAddresses");
    await requireSecondary(tx, nic, addresses);
    return { nic, addresses };
  },
  authorize: ({ nic }, { caller }) => [{ action: "ec2:UnassignPrivateIpAddresses", resource: ec2Arn(caller, "network-interface", nic.id) }],
  apply: async ({ nic, addresses }, { tx, now }) => {
    await unassignSecondary(tx, nic, addresses, now);
    return {};
  },
});
