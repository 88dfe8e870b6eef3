import { invalidValueOf, missingParameter, parametersExclude } from "../../base/api-error.ts";
import { requireRoomForAddresses } from "../../compute/attach-interface.ts";
import { requireInstances } from "../../compute/instance.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { assignSecondary, requireAssignable, type SecondaryRequest } from "../../network/interface-addresses.ts";
import { assignPrefixes, parsePrefixes, requireFreePrefixes } from "../../network/interface-prefixes.ts";
import { requireManageable } from "../../network/network-interface.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives an interface secondary private addresses: named ones, from another interface too if that is allowed, or a number of free ones. */
export const AssignPrivateIpAddresses = defineAction({
  name: "AssignPrivateIpAddresses",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const nic = await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "");
    requireManageable(nic);
    const subnet = await requireOwnedRow(tx, "subnets", caller, nic.subnet_id);
    const [request, prefixes] = [toRequest(input), parsePrefixes(input)];
    await requireAssignable(tx, subnet, request.addresses, input.AllowReassignment ?? false);
    await requireFreePrefixes(tx, subnet, prefixes);
    const [instance] = nic.instance_id === null ? [] : await requireInstances(tx, caller, [nic.instance_id]);
    if (instance !== undefined) await requireRoomForAddresses(tx, nic, instance, request.addresses.length + request.count + prefixes.prefixes.length + prefixes.count);
    return { nic, subnet, request, prefixes };
  },
  authorize: ({ nic }, { caller }) => [{ action: "ec2:AssignPrivateIpAddresses", resource: ec2Arn(caller, "network-interface", nic.id) }],
  apply: async ({ nic, subnet, request, prefixes }, { tx, random, now }) => {
    const assigned = await assignSecondary(tx, nic, subnet, request, random, now);
    const blocks = await assignPrefixes(tx, nic, subnet, prefixes, random, now);
    return {
      NetworkInterfaceId: nic.id,
      AssignedPrivateIpAddresses: assigned.map((address) => ({ PrivateIpAddress: address })),
      AssignedIpv4Prefixes: blocks.map((block) => ({ Ipv4Prefix: block })),
    };
  },
});

function toRequest(input: ActionInput<"ec2", "AssignPrivateIpAddresses">): SecondaryRequest {
  const wantsPrefixes = (input.Ipv4Prefixes ?? []).length > 0 || input.Ipv4PrefixCount !== undefined;
  const { PrivateIpAddresses: addresses = [], SecondaryPrivateIpAddressCount: count } = input;
  if (addresses.length > 0 && count !== undefined) throw parametersExclude("secondaryPrivateIpAddressCount", "privateIpAddresses");
  if (wantsPrefixes && (addresses.length > 0 || count !== undefined)) throw parametersExclude("ipv4Prefixes", "privateIpAddresses");
  if (addresses.length === 0 && count === undefined && !wantsPrefixes) throw missingParameter("secondaryPrivateIpAddressCount");
  if (count !== undefined && (!Number.isInteger(count) || count < 1)) throw invalidValueOf("secondaryPrivateIpAddressCount", count);
  return { addresses: [...new Set(addresses)], count: count ?? 0 };
}
