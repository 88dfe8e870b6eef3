import { subnetBlockAssociationNotFound } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { requireUnusedSubnetBlock, setIpv6Block, withoutIpv6 } from "../../network/subnet-ipv6-block.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toSubnetBlockView } from "./views/subnet-view.ts";

/** Takes the IPv6 block, of which no interface has an address, from a subnet. */
export const DisassociateSubnetCidrBlock = defineAction({
  name: "DisassociateSubnetCidrBlock",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const id = input.AssociationId ?? "";
    const subnet = (await ownedRows(tx, "subnets", caller)).find((row) => row.ipv6_association_id === id);
    if (subnet === undefined) throw subnetBlockAssociationNotFound(id);
    await requireUnusedSubnetBlock(tx, subnet);
    return subnet;
  },
  authorize: (subnet, { caller }) => [{ action: "ec2:DisassociateSubnetCidrBlock", resource: ec2Arn(caller, "subnet", subnet.id) }],
  apply: async (subnet, { tx, now }) => {
    await setIpv6Block(tx, subnet, withoutIpv6, now);
    return { SubnetId: subnet.id, Ipv6CidrBlockAssociation: toSubnetBlockView(subnet, "disassociating") };
  },
});
