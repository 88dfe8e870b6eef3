import { missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { parseIpv6Request, requireIpv6Of, unassignIpv6 } from "../../network/ipv6-addresses.ts";
import { requireManageable } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes IPv6 addresses from an interface. */
export const UnassignIpv6Addresses = defineAction({
  name: "UnassignIpv6Addresses",
  supported: "addresses; no prefix delegation",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    if ((input.Ipv6Prefixes ?? []).length > 0) throw unsupportedRequest("Prefix delegation is not supported yet.");
    const { addresses } = parseIpv6Request(input);
    if (addresses.length === 0) throw missingParameter("ipv6Addresses");
    await requireIpv6Of(tx, nic, addresses);
    return { nic, addresses };
  },
  authorize: ({ nic }, { caller }) => [{ action: "ec2:UnassignIpv6Addresses", resource: ec2Arn(caller, "network-interface", nic.id) }],
  apply: async ({ nic, addresses }, { tx, now }) => {
    await unassignIpv6(tx, nic, addresses, now);
    return { NetworkInterfaceId: nic.id, UnassignedIpv6Addresses: [...addresses], UnassignedIpv6Prefixes: [] };
  },
});
