import type { Vpc } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { listFurtherBlocks } from "../../network/vpc-cidrs.ts";
import { listIpv6Blocks } from "../../network/vpc-ipv6-cidrs.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView } from "./views/tag-view.ts";
import { toVpcView } from "./views/vpc-view.ts";

const blocks = (vpc: Vpc) => vpc.CidrBlockAssociationSet ?? [];
const ipv6Blocks = (vpc: Vpc) => vpc.Ipv6CidrBlockAssociationSet ?? [];

const filters: FilterTable<Vpc> = {
  tags: tagsOfView,
  fields: {
    cidr: (vpc) => vpc.CidrBlock,
    "cidr-block": (vpc) => vpc.CidrBlock,
    "cidr-block-association.association-id": (vpc) => blocks(vpc).map((block) => block.AssociationId),
    "cidr-block-association.cidr-block": (vpc) => blocks(vpc).map((block) => block.CidrBlock),
    "cidr-block-association.state": (vpc) => blocks(vpc).map((block) => block.CidrBlockState?.State),
    "dhcp-options-id": (vpc) => vpc.DhcpOptionsId,
    "ipv6-cidr-block-association.association-id": (vpc) => ipv6Blocks(vpc).map((block) => block.AssociationId),
    "ipv6-cidr-block-association.ipv6-cidr-block": (vpc) => ipv6Blocks(vpc).map((block) => block.Ipv6CidrBlock),
    "ipv6-cidr-block-association.ipv6-pool": (vpc) => ipv6Blocks(vpc).map((block) => block.Ipv6Pool),
    "ipv6-cidr-block-association.state": (vpc) => ipv6Blocks(vpc).map((block) => block.Ipv6CidrBlockState?.State),
    "is-default": (vpc) => vpc.IsDefault,
    isDefault: (vpc) => vpc.IsDefault,
    "owner-id": (vpc) => vpc.OwnerId,
    state: (vpc) => vpc.State,
    "vpc-id": (vpc) => vpc.VpcId,
  },
};

/** The account's VPCs in this region. */
export const DescribeVpcs = defineDescribe({
  name: "DescribeVpcs",
  supported: "whole",
  ids: ({ VpcIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "vpc");
    const rows = await ownedRows(tx, "vpcs", caller, input.VpcIds);
    const ids = rows.map((row) => row.id);
    const further = Map.groupBy(await listFurtherBlocks(tx, ids), (block) => block.vpc_id);
    const ipv6 = Map.groupBy(await listIpv6Blocks(tx, ids), (block) => block.vpc_id);
    return rows.map((row) => toVpcView(row, { blocks: further.get(row.id) ?? [], ipv6Blocks: ipv6.get(row.id) ?? [] }, tags.get(row.id)));
  },
  key: (vpc) => vpc.VpcId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "vpcIds" },
  output: (rows, nextToken) => ({ Vpcs: [...rows], ...nextTokenField(nextToken) }),
});
