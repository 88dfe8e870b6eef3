import { missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireSecondary, unassignSecondary } from "../../network/interface-addresses.ts";
import { parsePrefixes, requirePrefixes, unassignPrefixes } from "../../network/interface-prefixes.ts";
import { requireManageable } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes secondary private addresses from an interface. */
export const UnassignPrivateIpAddresses = defineAction({
  name: "UnassignPrivateIpAddresses",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    const { PrivateIpAddresses: addresses = [], Ipv4Prefixes: listed } = input;
    const { prefixes } = parsePrefixes({ Ipv4Prefixes: listed });
    if (addresses.length + prefixes.length === 0) throw missingParameter("privateIpAddresses");
    await requireSecondary(tx, nic, addresses);
    await requirePrefixes(tx, nic, prefixes);
    return { nic, addresses, prefixes };
  },
  authorize: ({ nic }, { caller }) => [{ action: "ec2:UnassignPrivateIpAddresses", resource: ec2Arn(caller, "network-interface", nic.id) }],
  apply: async ({ nic, addresses, prefixes }, { tx, now }) => {
    await unassignPrefixes(tx, nic, prefixes, now);
    await unassignSecondary(tx, nic, addresses, now);
    return {};
  },
});
