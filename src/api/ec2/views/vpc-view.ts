/** VPCs as EC2 shows them. */
import type { Vpc, VpcCidrBlockAssociation, VpcIpv6CidrBlockAssociation } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { VpcBlockRow } from "../../../network/vpc-cidrs.ts";
import type { VpcIpv6BlockRow } from "../../../network/vpc-ipv6-cidrs.ts";
import type { VpcRow } from "../../../store/network-tables.ts";
import { associationIdOf } from "./derived-ids.ts";
import { toTagViews } from "./tag-view.ts";

type State = "associating" | "associated" | "disassociating";

export interface VpcBlocks {
  readonly blocks: readonly VpcBlockRow[];
  readonly ipv6Blocks: readonly VpcIpv6BlockRow[];
}

export function toVpcView(row: VpcRow, { blocks, ipv6Blocks }: VpcBlocks, tags: readonly Tag[] | undefined): Vpc {
  return {
    VpcId: row.id,
    OwnerId: row.account,
    State: "available",
    CidrBlock: row.cidr,
    DhcpOptionsId: row.dhcp_options_id,
    InstanceTenancy: row.tenancy,
    IsDefault: row.is_default === 1,
    CidrBlockAssociationSet: [toPrimaryBlockView(row), ...blocks.map((block) => toBlockView(block, "associated"))],
    Ipv6CidrBlockAssociationSet: ipv6Blocks.map((block) => toIpv6BlockView(row, block, "associated")),
    Tags: toTagViews(tags),
  };
}

function toPrimaryBlockView(row: VpcRow): VpcCidrBlockAssociation {
  return { AssociationId: associationIdOf("vpc-cidr-assoc", row.id), CidrBlock: row.cidr, CidrBlockState: { State: "associated" } };
}

export function toBlockView({ id, cidr }: VpcBlockRow, state: State): VpcCidrBlockAssociation {
  return { AssociationId: id, CidrBlock: cidr, CidrBlockState: { State: state } };
}

export function toIpv6BlockView({ region }: Pick<VpcRow, "region">, { id, cidr }: VpcIpv6BlockRow, state: State): VpcIpv6CidrBlockAssociation {
  return { AssociationId: id, Ipv6CidrBlock: cidr, Ipv6CidrBlockState: { State: state }, NetworkBorderGroup: region, Ipv6Pool: "Amazon", Ipv6AddressAttribute: "public", IpSource: "amazon" };
}
