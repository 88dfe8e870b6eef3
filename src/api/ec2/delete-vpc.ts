import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteVpc, requireEmptyVpc } from "../../network/vpc.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Removes a VPC in which nothing is but what it came with. */
export const DeleteVpc = defineAction({
  name: "DeleteVpc",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => {
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId);
    await requireEmptyVpc(tx, vpc, now);
    return vpc;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteVpc", resource: ec2Arn(caller, "vpc", id) }],
  apply: async (vpc, { tx, now }) => {
    await deleteVpc(tx, vpc, now);
    return {};
  },
});
