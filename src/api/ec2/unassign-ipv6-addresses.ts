import { missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { parseIpv6Request, requireIpv6Of, unassignIpv6 } from "../../network/ipv6-addresses.ts";
import { parseIpv6Prefixes, requireIpv6Prefixes, unassignIpv6Prefixes } from "../../network/ipv6-prefixes.ts";
import { requireManageable } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes IPv6 addresses and prefixes from an interface. */
export const UnassignIpv6Addresses = defineAction({
  name: "UnassignIpv6Addresses",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    const [{ addresses }, { prefixes }] = [parseIpv6Request(input), parseIpv6Prefixes(input)];
    if (addresses.length + prefixes.length === 0) throw missingParameter("ipv6Addresses");
    await requireIpv6Of(tx, nic, addresses);
    await requireIpv6Prefixes(tx, nic, prefixes);
    return { nic, addresses, prefixes };
  },
  authorize: ({ nic }, { caller }) => [{ action: "ec2:UnassignIpv6Addresses", resource: ec2Arn(caller, "network-interface", nic.id) }],
  apply: async ({ nic, addresses, prefixes }, { tx, now }) => {
    await unassignIpv6Prefixes(tx, nic, prefixes, now);
    await unassignIpv6(tx, nic, addresses, now);
    return { NetworkInterfaceId: nic.id, UnassignedIpv6Addresses: [...addresses], UnassignedIpv6Prefixes: [...prefixes] };
  },
});
