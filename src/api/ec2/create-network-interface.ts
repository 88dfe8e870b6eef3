import { unsupportedRequest } from "../../base/api-error.ts";
import { requireGroups } from "../../compute/instance-attribute.ts";
import { parseAddresses, refuseUnsupported } from "../../compute/interface-request.ts";
import { chooseGroups } from "../../compute/launch-network.ts";
import { requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { choosePrivateAddress } from "../../network/address.ts";
import { requireFreeSecondary } from "../../network/interface-addresses.ts";
import { parsePrefixes, requireBesidePrefixes, requireFreePrefixes } from "../../network/interface-prefixes.ts";
import { parseIpv6Request, requireFreeIpv6 } from "../../network/ipv6-addresses.ts";
import { parseIpv6Prefixes, requireBesideIpv6Prefixes, requireFreeIpv6Prefixes } from "../../network/ipv6-prefixes.ts";
import { requireRoomFor } from "../../network/network-limits.ts";
import { createInterface, type InterfacePlan } from "../../network/network-interface.ts";
import type { Random } from "../../base/random.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { viewNetworkInterfaces } from "./views/network-interface-view.ts";

/** Makes an interface in a subnet that no instance has yet. */
export const CreateNetworkInterface = defineAction({
  name: "CreateNetworkInterface",
  supported: "no primary IPv6 addresses, no other kinds of interfaces",
  tokenScope: () => "",
  load: async ({ input, caller, tx, random }) => ({ plan: await planInterface(tx, caller, input, random), tags: newTags(input, "network-interface") }),
  authorize: ({ plan, tags }, { caller }) => {
    const resource = ec2Arn(caller, "network-interface", "*");
    const subnet = ec2Arn(caller, "subnet", plan.subnet.id);
    const touched = [subnet, ...plan.groupIds.map((id) => ec2Arn(caller, "security-group", id))];
    const place = { "ec2:Subnet": subnet, "ec2:Vpc": ec2Arn(caller, "vpc", plan.subnet.vpc_id), "ec2:AvailabilityZone": plan.subnet.zone };
    const made = { action: "ec2:CreateNetworkInterface", resource, conditions: place };
    return [made, ...touched.map((each) => ({ action: "ec2:CreateNetworkInterface", resource: each })), ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const nic = await createInterface(call.tx, plan, undefined, call.random, call.now);
    await tagNew(call, "network-interface", nic.id, tags);
    const [view] = await viewNetworkInterfaces(call.tx, call.caller, [nic]);
    const pending = { ...view, Status: "pending" as "available" }; // EC2 says so; its model does not know the word
    return { NetworkInterface: pending, ...(call.input.ClientToken === undefined ? {} : { ClientToken: call.input.ClientToken }) };
  },
});

async function planInterface(tx: Tx, owner: Owner, input: ActionInput<"ec2", "CreateNetworkInterface">, random: Random): Promise<InterfacePlan> {
  if ((input.InterfaceType ?? "interface") !== "interface") throw unsupportedRequest("Only interfaces of the type 'interface' are supported.");
  refuseUnsupported(input);
  const [prefixes, ipv6Prefixes] = [parsePrefixes(input), parseIpv6Prefixes(input)];
  const subnet = await requireOwnedRow(tx, "subnets", owner, input.SubnetId ?? "");
  const { primary, secondary } = parseAddresses(input);
  await choosePrivateAddress(tx, subnet, primary, random); // fails here rather than in apply
  await requireFreeSecondary(tx, subnet, secondary.addresses);
  await requireFreePrefixes(tx, subnet, prefixes);
  requireBesidePrefixes(prefixes, primary, secondary);
  const ipv6 = parseIpv6Request({ Ipv6AddressCount: input.Ipv6AddressCount, Ipv6Addresses: (input.Ipv6Addresses ?? []).flatMap((each) => each.Ipv6Address ?? []) });
  await requireFreeIpv6(tx, subnet, ipv6);
  await requireFreeIpv6Prefixes(tx, subnet, ipv6Prefixes);
  requireBesideIpv6Prefixes(ipv6Prefixes, ipv6.addresses);
  const groups = input.Groups ?? [];
  if (groups.length > 0) await requireGroups(tx, { ...subnet, subnet_id: subnet.id }, groups);
  await requireRoomFor(tx, "network_interfaces", owner);
  return { subnet, groupIds: await chooseGroups(tx, subnet.vpc_id, groups, []), privateAddress: primary, secondary, prefixes, ipv6, ipv6Prefixes, description: input.Description ?? "" };
}
