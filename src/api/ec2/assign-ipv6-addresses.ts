import { missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireRoomForIpv6 } from "../../compute/attach-interface.ts";
import { requireInstances } from "../../compute/instance.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { assignIpv6, parseIpv6Request, requireFreeIpv6 } from "../../network/ipv6-addresses.ts";
import { requireManageable } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives an interface IPv6 addresses: named ones, or a number of free ones. */
export const AssignIpv6Addresses = defineAction({
  name: "AssignIpv6Addresses",
  supported: "addresses; no prefix delegation",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    if ((input.Ipv6Prefixes ?? []).length > 0 || input.Ipv6PrefixCount !== undefined) throw unsupportedRequest("Prefix delegation is not supported yet.");
    const request = parseIpv6Request(input);
    if (request.addresses.length === 0 && request.count === undefined) throw missingParameter("ipv6AddressCount");
    const subnet = await requireOwnedRow(tx, "subnets", caller, nic.subnet_id);
    await requireFreeIpv6(tx, subnet, request);
    const [instance] = nic.instance_id === null ? [] : await requireInstances(tx, caller, [nic.instance_id]);
    if (instance !== undefined) await requireRoomForIpv6(tx, nic, instance, request.addresses.length + (request.count ?? 0));
    return { nic, subnet, request };
  },
  authorize: ({ nic }, { caller }) => [{ action: "ec2:AssignIpv6Addresses", resource: ec2Arn(caller, "network-interface", nic.id) }],
  apply: async ({ nic, subnet, request }, { tx, random, now }) => ({
    NetworkInterfaceId: nic.id,
    AssignedIpv6Addresses: await assignIpv6(tx, nic, subnet, request, random, now),
    AssignedIpv6Prefixes: [],
  }),
});
