import { invalidValueOf, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { formatCidr } from "../../base/ipv4.ts";
import { requireNetworkBlock } from "../../network/cidr-block.ts";
import { requireRoomFor } from "../../network/network-limits.ts";
import { createVpc, type VpcPlan } from "../../network/vpc.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toVpcView } from "./views/vpc-view.ts";

/** Makes a VPC with its main route table, default security group and default network ACL. */
export const CreateVpc = defineAction({
  name: "CreateVpc",
  supported: "IPv4 blocks of one's own; no IPv6, no IPAM pools",
  load: async ({ input, caller, tx }) => {
    const { CidrBlock: cidr, InstanceTenancy: tenancy = "default", AmazonProvidedIpv6CidrBlock: ipv6, Ipv6CidrBlock, Ipv6IpamPoolId, Ipv4IpamPoolId } = input;
    if (ipv6 === true || (Ipv6CidrBlock ?? Ipv6IpamPoolId ?? Ipv4IpamPoolId) !== undefined) throw unsupportedRequest("IPv6 blocks and IPAM pools are not supported yet.");
    if (cidr === undefined) throw missingParameter("cidrBlock");
    if (tenancy !== "default" && tenancy !== "dedicated") throw invalidValueOf("instanceTenancy", tenancy);
    const tags = newTags(input, "vpc");
    const block = formatCidr(requireNetworkBlock("Vpc", cidr));
    await requireRoomFor(tx, "vpcs", caller);
    const plan: VpcPlan = { account: caller.account, region: caller.region, cidr: block, tenancy, isDefault: false };
    return { plan, tags };
  },
  authorize: ({ tags }, { caller }) => {
    const resource = ec2Arn(caller, "vpc", "*");
    return [{ action: "ec2:CreateVpc", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const vpc = await createVpc(call.tx, plan, call.random, call.now);
    await tagNew(call, "vpc", vpc.id, tags);
    return { Vpc: { ...toVpcView(vpc, [], tags), State: "pending" as const } };
  },
});
