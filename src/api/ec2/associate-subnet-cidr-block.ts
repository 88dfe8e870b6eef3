import { missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireFreeIpv6Block, requireNoIpv6Block, setIpv6Block, toIpv6Columns } from "../../network/subnet-ipv6-block.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toSubnetBlockView } from "./views/subnet-view.ts";

/** Gives a subnet an IPv6 block of its VPC's. */
export const AssociateSubnetCidrBlock = defineAction({
  name: "AssociateSubnetCidrBlock",
  supported: "blocks of /64; no IPAM pools",
  load: async ({ input, caller, tx }) => {
    const subnet = await requireOwnedRow(tx, "subnets", caller, input.SubnetId ?? "");
    if ((input.Ipv6IpamPoolId ?? input.Ipv6NetmaskLength) !== undefined) throw unsupportedRequest("IPAM pools are not supported yet.");
    if (input.Ipv6CidrBlock === undefined) throw missingParameter("ipv6CidrBlock");
    requireNoIpv6Block(subnet);
    return { subnet, cidr: await requireFreeIpv6Block(tx, subnet.vpc_id, input.Ipv6CidrBlock) };
  },
  authorize: ({ subnet }, { caller }) => [{ action: "ec2:AssociateSubnetCidrBlock", resource: ec2Arn(caller, "subnet", subnet.id) }],
  apply: async ({ subnet, cidr }, { tx, random, now }) => {
    const columns = toIpv6Columns(cidr, random);
    await setIpv6Block(tx, subnet, columns, now);
    return { SubnetId: subnet.id, Ipv6CidrBlockAssociation: toSubnetBlockView(columns, "associating") };
  },
});
