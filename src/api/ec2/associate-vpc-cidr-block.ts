import { invalidParameterCombination, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { formatCidr } from "../../base/ipv4.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireNetworkBlock } from "../../network/cidr-block.ts";
import { addBlock, requireAddableBlock } from "../../network/vpc-blocks.ts";
import { addIpv6Block, requireRoomForIpv6Block } from "../../network/vpc-ipv6-blocks.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireAmazonIpv6 } from "./ipv6-request.ts";
import { toBlockView, toIpv6BlockView } from "./views/vpc-view.ts";

/** Gives a VPC one more IPv4 block, from a range that goes with those that it has, or an IPv6 block of Amazon's. */
export const AssociateVpcCidrBlock = defineAction({
  name: "AssociateVpcCidrBlock",
  supported: "IPv4 blocks of one's own, IPv6 blocks of Amazon's; no IPAM pools, no IPv6 blocks of one's own",
  load: async ({ input, caller, tx }) => {
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId);
    if (input.Ipv4IpamPoolId !== undefined) throw unsupportedRequest("IPAM pools are not supported yet.");
    const isIpv6 = requireAmazonIpv6(caller.region, input);
    if (isIpv6 && input.CidrBlock !== undefined) throw invalidParameterCombination("Only one of cidrBlock and amazonProvidedIpv6CidrBlock may be specified.");
    if (isIpv6) {
      await requireRoomForIpv6Block(tx, vpc.id);
      return { vpc };
    }
    if (input.CidrBlock === undefined) throw missingParameter("cidrBlock");
    const block = requireNetworkBlock("Vpc", input.CidrBlock);
    await requireAddableBlock(tx, vpc, block);
    return { vpc, cidr: formatCidr(block) };
  },
  authorize: ({ vpc }, { caller }) => [{ action: "ec2:AssociateVpcCidrBlock", resource: ec2Arn(caller, "vpc", vpc.id) }],
  apply: async ({ vpc, cidr }, { tx, random, now }) => {
    if (cidr === undefined) return { VpcId: vpc.id, Ipv6CidrBlockAssociation: toIpv6BlockView(vpc, await addIpv6Block(tx, vpc, random, now), "associating") };
    const block = await addBlock(tx, vpc, cidr, random, now);
    return { VpcId: vpc.id, CidrBlockAssociation: toBlockView(block, "associating") };
  },
});
