/** VPCs as EC2 shows them. */
import type { Vpc, VpcCidrBlockAssociation } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { VpcBlockRow } from "../../../network/vpc-cidrs.ts";
import type { VpcRow } from "../../../store/network-tables.ts";
import { associationIdOf } from "./derived-ids.ts";
import { toTagViews } from "./tag-view.ts";

export function toVpcView(row: VpcRow, blocks: readonly VpcBlockRow[], tags: readonly Tag[] | undefined): Vpc {
  return {
    VpcId: row.id,
    OwnerId: row.account,
    State: "available",
    CidrBlock: row.cidr,
    DhcpOptionsId: row.dhcp_options_id,
    InstanceTenancy: row.tenancy,
    IsDefault: row.is_default === 1,
    CidrBlockAssociationSet: [toPrimaryBlockView(row), ...blocks.map((block) => toBlockView(block, "associated"))],
    Ipv6CidrBlockAssociationSet: [],
    Tags: toTagViews(tags),
  };
}

function toPrimaryBlockView(row: VpcRow): VpcCidrBlockAssociation {
  return { AssociationId: associationIdOf("vpc-cidr-assoc", row.id), CidrBlock: row.cidr, CidrBlockState: { State: "associated" } };
}

export function toBlockView({ id, cidr }: VpcBlockRow, state: "associating" | "associated" | "disassociating"): VpcCidrBlockAssociation {
  return { AssociationId: id, CidrBlock: cidr, CidrBlockState: { State: state } };
}
