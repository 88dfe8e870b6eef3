import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteSubnet, requireEmptySubnet } from "../../network/subnet.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Removes a subnet that no interface is in. */
export const DeleteSubnet = defineAction({
  name: "DeleteSubnet",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const subnet = await requireOwnedRow(tx, "subnets", caller, input.SubnetId ?? "");
    await requireEmptySubnet(tx, subnet);
    return subnet;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteSubnet", resource: ec2Arn(caller, "subnet", id) }],
  apply: async (subnet, { tx, now }) => {
    await deleteSubnet(tx, subnet, now);
    return {};
  },
});
