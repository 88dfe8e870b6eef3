import { missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { formatCidr } from "../../base/ipv4.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireNetworkBlock } from "../../network/cidr-block.ts";
import { addBlock, requireAddableBlock } from "../../network/vpc-blocks.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toBlockView } from "./views/vpc-view.ts";

/** Gives a VPC one more IPv4 block, from a range that goes with those that it has. */
export const AssociateVpcCidrBlock = defineAction({
  name: "AssociateVpcCidrBlock",
  supported: "IPv4 blocks of one's own; no IPv6, no IPAM pools",
  load: async ({ input, caller, tx }) => {
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId);
    if (input.AmazonProvidedIpv6CidrBlock === true || (input.Ipv6CidrBlock ?? input.Ipv6IpamPoolId ?? input.Ipv4IpamPoolId) !== undefined) {
      throw unsupportedRequest("IPv6 blocks and IPAM pools are not supported yet.");
    }
    if (input.CidrBlock === undefined) throw missingParameter("cidrBlock");
    const block = requireNetworkBlock("Vpc", input.CidrBlock);
    await requireAddableBlock(tx, vpc, block);
    return { vpc, cidr: formatCidr(block) };
  },
  authorize: ({ vpc }, { caller }) => [{ action: "ec2:AssociateVpcCidrBlock", resource: ec2Arn(caller, "vpc", vpc.id) }],
  apply: async ({ vpc, cidr }, { tx, random, now }) => {
    const block = await addBlock(tx, vpc, cidr, random, now);
    return { VpcId: vpc.id, CidrBlockAssociation: toBlockView(block, "associating") };
  },
});
