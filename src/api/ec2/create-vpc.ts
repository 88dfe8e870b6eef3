import { invalidValueOf, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { formatCidr } from "../../base/ipv4.ts";
import { requireNetworkBlock } from "../../network/cidr-block.ts";
import { requireRoomFor } from "../../network/network-limits.ts";
import { createVpc, type VpcPlan } from "../../network/vpc.ts";
import { addIpv6Block } from "../../network/vpc-ipv6-blocks.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireAmazonIpv6 } from "./ipv6-request.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toIpv6BlockView, toVpcView } from "./views/vpc-view.ts";

/** Makes a VPC with its main route table, default security group and default network ACL. */
export const CreateVpc = defineAction({
  name: "CreateVpc",
  supported: "IPv4 blocks of one's own, IPv6 blocks of Amazon's; no IPAM pools, no IPv6 blocks of one's own",
  load: async ({ input, caller, tx }) => {
    const { CidrBlock: cidr, InstanceTenancy: tenancy = "default", Ipv4IpamPoolId } = input;
    if (Ipv4IpamPoolId !== undefined) throw unsupportedRequest("IPAM pools are not supported yet.");
    const isIpv6 = requireAmazonIpv6(caller.region, input);
    if (cidr === undefined) throw missingParameter("cidrBlock");
    if (tenancy !== "default" && tenancy !== "dedicated") throw invalidValueOf("instanceTenancy", tenancy);
    const tags = newTags(input, "vpc");
    const block = formatCidr(requireNetworkBlock("Vpc", cidr));
    await requireRoomFor(tx, "vpcs", caller);
    const plan: VpcPlan = { account: caller.account, region: caller.region, cidr: block, tenancy, isDefault: false };
    return { plan, isIpv6, tags };
  },
  authorize: ({ tags }, { caller }) => {
    const resource = ec2Arn(caller, "vpc", "*");
    return [{ action: "ec2:CreateVpc", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, isIpv6, tags }, call) => {
    const vpc = await createVpc(call.tx, plan, call.random, call.now);
    const ipv6 = isIpv6 ? [toIpv6BlockView(vpc, await addIpv6Block(call.tx, vpc, call.random, call.now), "associating")] : [];
    await tagNew(call, "vpc", vpc.id, tags);
    return { Vpc: { ...toVpcView(vpc, { blocks: [], ipv6Blocks: [] }, tags), Ipv6CidrBlockAssociationSet: ipv6, State: "pending" as const } };
  },
});
