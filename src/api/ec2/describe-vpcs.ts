import type { Vpc } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType, type Tag } from "../../compute/tags.ts";
import type { VpcRow } from "../../store/network-tables.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { associationIdOf } from "./views/derived-ids.ts";
import { tagsOfView, toTagViews } from "./views/tag-view.ts";

const blocks = (vpc: Vpc) => vpc.CidrBlockAssociationSet ?? [];

const filters: FilterTable<Vpc> = {
  tags: tagsOfView,
  fields: {
    cidr: (vpc) => vpc.CidrBlock,
    "cidr-block": (vpc) => vpc.CidrBlock,
    "cidr-block-association.association-id": (vpc) => blocks(vpc).map((block) => block.AssociationId),
    "cidr-block-association.cidr-block": (vpc) => blocks(vpc).map((block) => block.CidrBlock),
    "cidr-block-association.state": (vpc) => blocks(vpc).map((block) => block.CidrBlockState?.State),
    "dhcp-options-id": (vpc) => vpc.DhcpOptionsId,
    "ipv6-cidr-block-association.association-id": () => undefined,
    "ipv6-cidr-block-association.ipv6-cidr-block": () => undefined,
    "ipv6-cidr-block-association.ipv6-pool": () => undefined,
    "ipv6-cidr-block-association.state": () => undefined,
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
    return (await ownedRows(tx, "vpcs", caller, input.VpcIds)).map((row) => toVpcView(row, tags.get(row.id)));
  },
  key: (vpc) => vpc.VpcId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "vpcIds" },
  output: (rows, nextToken) => ({ Vpcs: [...rows], ...nextTokenField(nextToken) }),
});

function toVpcView(row: VpcRow, tags: readonly Tag[] | undefined): Vpc {
  return {
    VpcId: row.id,
    OwnerId: row.account,
    State: "available",
    CidrBlock: row.cidr,
    DhcpOptionsId: row.dhcp_options_id,
    InstanceTenancy: "default",
    IsDefault: row.is_default === 1,
    CidrBlockAssociationSet: [{ AssociationId: associationIdOf("vpc-cidr-assoc", row.id), CidrBlock: row.cidr, CidrBlockState: { State: "associated" } }],
    Ipv6CidrBlockAssociationSet: [],
    Tags: toTagViews(tags),
  };
}
