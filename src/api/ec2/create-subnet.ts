import { missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { formatCidr } from "../../base/ipv4.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireNetworkBlock } from "../../network/cidr-block.ts";
import { requireRoomIn } from "../../network/network-limits.ts";
import { createSubnet, requireFreeBlock } from "../../network/subnet.ts";
import { requireFreeIpv6Block } from "../../network/subnet-ipv6-block.ts";
import { chooseZone, findZone } from "../../network/zone.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toSubnetView } from "./views/subnet-view.ts";

/** Makes a subnet of a free part of its VPC's blocks, in one zone. */
export const CreateSubnet = defineAction({
  name: "CreateSubnet",
  supported: "with IPv4, IPv6 besides; no subnets of IPv6 only, no IPAM pools, no Outposts",
  load: async ({ input, caller, tx }) => {
    const tags = newTags(input, "subnet");
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
    if (input.Ipv6Native === true || (input.Ipv6IpamPoolId ?? input.Ipv4IpamPoolId ?? input.OutpostArn) !== undefined) {
      throw unsupportedRequest("Subnets of IPv6 only, IPAM pools and Outposts are not supported yet.");
    }
    if (input.CidrBlock === undefined) throw missingParameter("cidrBlock");
    const zone = findZone(caller.region, input) ?? (await chooseZone(tx, caller.region));
    const cidr = formatCidr(requireNetworkBlock("Subnet", input.CidrBlock));
    await requireFreeBlock(tx, vpc, cidr);
    const ipv6Cidr = input.Ipv6CidrBlock === undefined ? undefined : await requireFreeIpv6Block(tx, vpc.id, input.Ipv6CidrBlock);
    await requireRoomIn(tx, "subnets", vpc.id);
    return { plan: { vpc, zone, cidr, ipv6Cidr, isDefault: false }, tags };
  },
  authorize: ({ plan, tags }, { caller }) => {
    const resource = ec2Arn(caller, "subnet", "*");
    const vpc = ec2Arn(caller, "vpc", plan.vpc.id);
    return [
      { action: "ec2:CreateSubnet", resource, conditions: { "ec2:Vpc": vpc, "ec2:AvailabilityZone": plan.zone } },
      { action: "ec2:CreateSubnet", resource: vpc },
      ...createTagsGrants(tags, [resource]),
    ];
  },
  apply: async ({ plan, tags }, call) => {
    const subnet = await createSubnet(call.tx, plan, call.random, call.now);
    await tagNew(call, "subnet", subnet.id, tags);
    return { Subnet: toSubnetView(subnet, 0, tags) };
  },
});
