import { missingParameter } from "../../base/api-error.ts";
import { requireRoomForIpv6 } from "../../compute/attach-interface.ts";
import { requireInstances } from "../../compute/instance.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { assignIpv6, parseIpv6Request, requireFreeIpv6 } from "../../network/ipv6-addresses.ts";
import { assignIpv6Prefixes, parseIpv6Prefixes, requireBesideIpv6Prefixes, requireFreeIpv6Prefixes } from "../../network/ipv6-prefixes.ts";
import { requireManageable } from "../../network/network-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives an interface IPv6 addresses and blocks of them: named ones, or a number of free ones. */
export const AssignIpv6Addresses = defineAction({
  name: "AssignIpv6Addresses",
  supported: "whole; addresses of prefixes are reached from outside a second after somebody first asks for them",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    const [{ addresses, count }, prefixes] = [parseIpv6Request(input), parseIpv6Prefixes(input)];
    const request = { addresses, count: count ?? 0 };
    if (addresses.length + prefixes.prefixes.length + prefixes.count === 0 && count === undefined) throw missingParameter("ipv6AddressCount");
    const subnet = await requireOwnedRow(tx, "subnets", caller, nic.subnet_id);
    await requireFreeIpv6(tx, subnet, request);
    await requireFreeIpv6Prefixes(tx, subnet, prefixes);
    requireBesideIpv6Prefixes(prefixes, addresses);
    const [instance] = nic.instance_id === null ? [] : await requireInstances(tx, caller, [nic.instance_id]);
    if (instance !== undefined) await requireRoomForIpv6(tx, nic, instance, addresses.length + request.count + prefixes.prefixes.length + prefixes.count);
    return { nic, subnet, request, prefixes };
  },
  authorize: ({ nic }, { caller }) => [{ action: "ec2:AssignIpv6Addresses", resource: ec2Arn(caller, "network-interface", nic.id) }],
  apply: async ({ nic, subnet, request, prefixes }, { tx, random, now }) => ({
    NetworkInterfaceId: nic.id,
    AssignedIpv6Prefixes: await assignIpv6Prefixes(tx, nic, subnet, prefixes, request.addresses, random, now),
    AssignedIpv6Addresses: await assignIpv6(tx, nic, subnet, request, random, now),
  }),
});
