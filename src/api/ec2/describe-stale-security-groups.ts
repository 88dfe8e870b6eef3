import type { StaleIpPermission } from "@aws-sdk/client-ec2";
import { ownedRows, requireOwnedRow } from "../../compute/owned-rows.ts";
import { isStale, readGroupReferences } from "../../network/group-references.ts";
import { listRulesByGroup } from "../../network/security-group-rules.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toPermissions } from "./views/security-group-view.ts";

/** The VPC's groups with rules that name a group of a VPC that is no longer peered, or one that is gone. */
export const DescribeStaleSecurityGroups = defineDescribe({
  name: "DescribeStaleSecurityGroups",
  supported: "whole",
  list: async ({ input, caller, tx }) => {
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
    const groups = (await ownedRows(tx, "security_groups", caller)).filter((group) => group.vpc_id === vpc.id);
    const rules = await listRulesByGroup(tx, caller);
    const references = await readGroupReferences(tx, groups, rules);
    return groups.flatMap((group) => {
      const stale = (rules.get(group.id) ?? []).filter((rule) => rule.referenced_group_id !== null && isStale(references.get(rule.referenced_group_id)));
      const permissions = (egress: boolean): StaleIpPermission[] => toPermissions(group, stale, egress, references).map(({ IpRanges: _ranges, Ipv6Ranges: _more, PrefixListIds: _lists, ...permission }) => ({ ...permission, IpRanges: [], PrefixListIds: [] }));
      if (stale.length === 0) return [];
      return [{ GroupId: group.id, GroupName: group.name, Description: group.description, VpcId: group.vpc_id, StaleIpPermissions: permissions(false), StaleIpPermissionsEgress: permissions(true) }];
    });
  },
  key: (group) => group.GroupId,
  page: { minimum: 5, maximum: 255 },
  output: (rows, nextToken) => ({ StaleSecurityGroupSet: [...rows], ...nextTokenField(nextToken) }),
});
