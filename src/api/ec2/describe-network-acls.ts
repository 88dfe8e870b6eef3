import type { NetworkAcl, NetworkAclEntry } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { associationIdOf } from "./views/derived-ids.ts";
import { tagsOfView, toTagViews } from "./views/tag-view.ts";

const associations = (acl: NetworkAcl) => acl.Associations ?? [];
const entries = (acl: NetworkAcl) => acl.Entries ?? [];
const none = () => undefined;

const filters: FilterTable<NetworkAcl> = {
  tags: tagsOfView,
  fields: {
    "association.association-id": (acl) => associations(acl).map((each) => each.NetworkAclAssociationId),
    "association.network-acl-id": (acl) => associations(acl).map((each) => each.NetworkAclId),
    "association.subnet-id": (acl) => associations(acl).map((each) => each.SubnetId),
    default: (acl) => acl.IsDefault,
    "entry.cidr": (acl) => entries(acl).map((entry) => entry.CidrBlock),
    "entry.egress": (acl) => entries(acl).map((entry) => entry.Egress),
    "entry.icmp.code": none,
    "entry.icmp.type": none,
    "entry.ipv6-cidr": none,
    "entry.port-range.from": none,
    "entry.port-range.to": none,
    "entry.protocol": (acl) => entries(acl).map((entry) => entry.Protocol),
    "entry.rule-action": (acl) => entries(acl).map((entry) => entry.RuleAction),
    "entry.rule-number": (acl) => entries(acl).map((entry) => entry.RuleNumber),
    "network-acl-id": (acl) => acl.NetworkAclId,
    "owner-id": (acl) => acl.OwnerId,
    "vpc-id": (acl) => acl.VpcId,
  },
};

/** The account's network ACLs in this region: each VPC's default one, which all its subnets use and which allows everything. */
export const DescribeNetworkAcls = defineDescribe({
  name: "DescribeNetworkAcls",
  supported: "whole",
  ids: ({ NetworkAclIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const subnets = Map.groupBy(await ownedRows(tx, "subnets", caller), (subnet) => subnet.vpc_id);
    const tags = await listTagsOfType(tx, caller, "network-acl");
    return (await ownedRows(tx, "network_acls", caller, input.NetworkAclIds)).map((row): NetworkAcl => {
      const associated = row.is_default === 1 ? (subnets.get(row.vpc_id) ?? []) : [];
      return {
        NetworkAclId: row.id,
        VpcId: row.vpc_id,
        OwnerId: row.account,
        IsDefault: row.is_default === 1,
        Associations: associated.map(({ id }) => ({ NetworkAclAssociationId: associationIdOf("aclassoc", id), NetworkAclId: row.id, SubnetId: id })),
        Entries: toEntries(row.is_default === 1),
        Tags: toTagViews(tags.get(row.id)),
      };
    });
  },
  key: (acl) => acl.NetworkAclId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "networkAclIds" },
  output: (rows, nextToken) => ({ NetworkAcls: [...rows], ...nextTokenField(nextToken) }),
});

/** Every ACL ends with a denial of all; the default one allows everything before it (facts §7.7). */
function toEntries(isDefault: boolean): NetworkAclEntry[] {
  return [true, false].flatMap((egress): NetworkAclEntry[] => {
    const everything = { CidrBlock: "0.0.0.0/0", Egress: egress, Protocol: "-1" };
    return [
      ...(isDefault ? [{ ...everything, RuleAction: "allow" as const, RuleNumber: 100 }] : []),
      { ...everything, RuleAction: "deny", RuleNumber: 32_767 },
    ];
  });
}
