import type { NetworkAcl } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { listAclEntries } from "../../network/network-acl.ts";
import { listIpv6Blocks } from "../../network/vpc-ipv6-cidrs.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { listAclAssociations } from "./acl-associations.ts";
import { toNetworkAclView } from "./views/network-acl-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

const associations = (acl: NetworkAcl) => acl.Associations ?? [];
const entries = (acl: NetworkAcl) => acl.Entries ?? [];

const filters: FilterTable<NetworkAcl> = {
  tags: tagsOfView,
  fields: {
    "association.association-id": (acl) => associations(acl).map((each) => each.NetworkAclAssociationId),
    "association.network-acl-id": (acl) => associations(acl).map((each) => each.NetworkAclId),
    "association.subnet-id": (acl) => associations(acl).map((each) => each.SubnetId),
    default: (acl) => acl.IsDefault,
    "entry.cidr": (acl) => entries(acl).map((entry) => entry.CidrBlock),
    "entry.egress": (acl) => entries(acl).map((entry) => entry.Egress),
    "entry.icmp.code": (acl) => entries(acl).map((entry) => entry.IcmpTypeCode?.Code),
    "entry.icmp.type": (acl) => entries(acl).map((entry) => entry.IcmpTypeCode?.Type),
    "entry.ipv6-cidr": (acl) => entries(acl).map((entry) => entry.Ipv6CidrBlock),
    "entry.port-range.from": (acl) => entries(acl).map((entry) => entry.PortRange?.From),
    "entry.port-range.to": (acl) => entries(acl).map((entry) => entry.PortRange?.To),
    "entry.protocol": (acl) => entries(acl).map((entry) => entry.Protocol),
    "entry.rule-action": (acl) => entries(acl).map((entry) => entry.RuleAction),
    "entry.rule-number": (acl) => entries(acl).map((entry) => entry.RuleNumber),
    "network-acl-id": (acl) => acl.NetworkAclId,
    "owner-id": (acl) => acl.OwnerId,
    "vpc-id": (acl) => acl.VpcId,
  },
};

/** The account's network ACLs in this region, with their entries and the subnets that have them. */
export const DescribeNetworkAcls = defineDescribe({
  name: "DescribeNetworkAcls",
  supported: "whole",
  ids: ({ NetworkAclIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const rows = await ownedRows(tx, "network_acls", caller, input.NetworkAclIds);
    const byAcl = Map.groupBy(await listAclAssociations(tx, caller), (association) => association.aclId);
    const entriesOf = Map.groupBy(await listAclEntries(tx, rows.map((row) => row.id)), (entry) => entry.network_acl_id);
    const tags = await listTagsOfType(tx, caller, "network-acl");
    const ipv6 = new Set((await listIpv6Blocks(tx, [...new Set(rows.map((row) => row.vpc_id))])).map((block) => block.vpc_id));
    return rows.map((row) => {
      const associated = (byAcl.get(row.id) ?? []).map(({ id, subnet }) => ({ id, subnetId: subnet.id }));
      return toNetworkAclView(row, { associations: associated, entries: entriesOf.get(row.id) ?? [], ipv6: ipv6.has(row.vpc_id), tags: tags.get(row.id) });
    });
  },
  key: (acl) => acl.NetworkAclId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "networkAclIds" },
  output: (rows, nextToken) => ({ NetworkAcls: [...rows], ...nextTokenField(nextToken) }),
});
