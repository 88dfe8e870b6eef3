import { blockAssociationNotFound, operationNotPermitted } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { removeBlock, requireUnusedBlock } from "../../network/vpc-blocks.ts";
import { listFurtherBlocks } from "../../network/vpc-cidrs.ts";
import { removeIpv6Block, requireUnusedIpv6Block } from "../../network/vpc-ipv6-blocks.ts";
import { listIpv6Blocks } from "../../network/vpc-ipv6-cidrs.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { associationIdOf } from "./views/derived-ids.ts";
import { toBlockView, toIpv6BlockView } from "./views/vpc-view.ts";

/** Takes a further block or an IPv6 block, which no subnet uses, from its VPC. */
export const DisassociateVpcCidrBlock = defineAction({
  name: "DisassociateVpcCidrBlock",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const id = input.AssociationId ?? "";
    const vpcs = await ownedRows(tx, "vpcs", caller);
    if (vpcs.some((vpc) => associationIdOf("vpc-cidr-assoc", vpc.id) === id)) {
      throw operationNotPermitted(`The vpc CIDR block with association ID ${id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC`);
    }
    const ids = vpcs.map((vpc) => vpc.id);
    const block = (await listFurtherBlocks(tx, ids)).find((row) => row.id === id);
    const ipv6 = (await listIpv6Blocks(tx, ids)).find((row) => row.id === id);
    const vpc = vpcs.find((row) => row.id === (block ?? ipv6)?.vpc_id);
    if (vpc === undefined) throw blockAssociationNotFound(id);
    if (block !== undefined) await requireUnusedBlock(tx, block);
    if (ipv6 !== undefined) await requireUnusedIpv6Block(tx, ipv6);
    return { vpc, block, ipv6 };
  },
  authorize: ({ vpc }, { caller }) => [{ action: "ec2:DisassociateVpcCidrBlock", resource: ec2Arn(caller, "vpc", vpc.id) }],
  apply: async ({ vpc, block, ipv6 }, { tx, now }) => {
    if (block !== undefined) await removeBlock(tx, block, now);
    if (ipv6 !== undefined) await removeIpv6Block(tx, ipv6, now);
    return {
      VpcId: vpc.id,
      ...(block === undefined ? {} : { CidrBlockAssociation: toBlockView(block, "disassociating") }),
      ...(ipv6 === undefined ? {} : { Ipv6CidrBlockAssociation: toIpv6BlockView(vpc, ipv6, "disassociating") }),
    };
  },
});
