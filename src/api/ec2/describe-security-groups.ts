import type { IpPermission, SecurityGroup } from "@aws-sdk/client-ec2";
import { groupNameNotFound, noDefaultVpc } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { readGroupReferences } from "../../network/group-references.ts";
import { findGroupByName, listRulesByGroup } from "../../network/security-group-rules.ts";
import type { SecurityGroupRow } from "../../store/network-tables.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import type { Call } from "../action.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FieldValue, FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toSecurityGroupView } from "./views/security-group-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

type Fields = FilterTable<SecurityGroup>["fields"];

/** The same names for both directions: `ip-permission.cidr`, `egress.ip-permission.cidr`. */
function permissionFilters(prefix: string, permissionsOf: (group: SecurityGroup) => IpPermission[] | undefined): Fields {
  const each = (value: (permission: IpPermission) => FieldValue | FieldValue[]) => (group: SecurityGroup) => (permissionsOf(group) ?? []).flatMap(value);
  return {
    [`${prefix}.cidr`]: each((permission) => (permission.IpRanges ?? []).map((range) => range.CidrIp)),
    [`${prefix}.from-port`]: each((permission) => permission.FromPort),
    [`${prefix}.group-id`]: each((permission) => (permission.UserIdGroupPairs ?? []).map((pair) => pair.GroupId)),
    [`${prefix}.group-name`]: each((permission) => (permission.UserIdGroupPairs ?? []).map((pair) => pair.GroupName)),
    [`${prefix}.ipv6-cidr`]: each((permission) => (permission.Ipv6Ranges ?? []).map((range) => range.CidrIpv6)),
    [`${prefix}.prefix-list-id`]: each((permission) => (permission.PrefixListIds ?? []).map((list) => list.PrefixListId)),
    [`${prefix}.protocol`]: each((permission) => permission.IpProtocol),
    [`${prefix}.to-port`]: each((permission) => permission.ToPort),
    [`${prefix}.user-id`]: each((permission) => (permission.UserIdGroupPairs ?? []).map((pair) => pair.UserId)),
  };
}

/** The account's security groups in this region; names name groups of the default VPC. */
export const DescribeSecurityGroups = defineDescribe({
  name: "DescribeSecurityGroups",
  supported: "whole",
  ids: ({ GroupIds: ids }) => ids,
  list: async (call) => {
    const { caller, tx } = call;
    const rules = await listRulesByGroup(tx, caller);
    const tags = await listTagsOfType(tx, caller, "security-group");
    const rows = await listRows(call);
    const references = await readGroupReferences(tx, rows, rules);
    return rows.map((row) => toSecurityGroupView(row, rules.get(row.id) ?? [], tags.get(row.id), references));
  },
  key: (group) => group.GroupId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      description: (group) => group.Description,
      "group-id": (group) => group.GroupId,
      "group-name": (group) => group.GroupName,
      "owner-id": (group) => group.OwnerId,
      "vpc-id": (group) => group.VpcId,
      ...permissionFilters("ip-permission", (group) => group.IpPermissions),
      ...permissionFilters("egress.ip-permission", (group) => group.IpPermissionsEgress),
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "groupIds" },
  output: (rows, nextToken) => ({ SecurityGroups: [...rows], ...nextTokenField(nextToken) }),
});

async function listRows({ input, caller, tx }: Pick<Call<ActionInput<"ec2", "DescribeSecurityGroups">>, "input" | "caller" | "tx">): Promise<SecurityGroupRow[]> {
  const [ids, names] = [input.GroupIds ?? [], input.GroupNames ?? []];
  const all = await ownedRows(tx, "security_groups", caller);
  if (names.length === 0) return ids.length === 0 ? all : ownedRows(tx, "security_groups", caller, ids);
  const byId = ids.length === 0 ? [] : await ownedRows(tx, "security_groups", caller, ids);
  const vpc = (await ownedRows(tx, "vpcs", caller)).find((row) => row.is_default === 1);
  if (vpc === undefined) throw noDefaultVpc();
  const byName = names.map((name) => {
    const group = findGroupByName(all, vpc.id, name);
    if (group === undefined) throw groupNameNotFound(name, vpc.id);
    return group;
  });
  return [...new Map([...byId, ...byName].map((row) => [row.id, row])).values()];
}
