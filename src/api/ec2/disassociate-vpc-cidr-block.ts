import { blockAssociationNotFound, operationNotPermitted } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { removeBlock, requireUnusedBlock } from "../../network/vpc-blocks.ts";
import { listFurtherBlocks } from "../../network/vpc-cidrs.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { associationIdOf } from "./views/derived-ids.ts";
import { toBlockView } from "./views/vpc-view.ts";

/** Takes a further block, which no subnet uses, from its VPC. */
export const DisassociateVpcCidrBlock = defineAction({
  name: "DisassociateVpcCidrBlock",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const id = input.AssociationId ?? "";
    const vpcs = await ownedRows(tx, "vpcs", caller);
    if (vpcs.some((vpc) => associationIdOf("vpc-cidr-assoc", vpc.id) === id)) {
      throw operationNotPermitted(`The vpc CIDR block with association ID ${id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC`);
    }
    const block = (await listFurtherBlocks(tx, vpcs.map((vpc) => vpc.id))).find((row) => row.id === id);
    if (block === undefined) throw blockAssociationNotFound(id);
    await requireUnusedBlock(tx, block);
    return block;
  },
  authorize: (block, { caller }) => [{ action: "ec2:DisassociateVpcCidrBlock", resource: ec2Arn(caller, "vpc", block.vpc_id) }],
  apply: async (block, { tx, now }) => {
    await removeBlock(tx, block, now);
    return { VpcId: block.vpc_id, CidrBlockAssociation: toBlockView(block, "disassociating") };
  },
});
