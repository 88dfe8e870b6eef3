import { ownedRows } from "../../compute/owned-rows.ts";
import { inRequestedOrder, requireWellFormed } from "../../compute/resources.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { readGroupReferences } from "../../network/group-references.ts";
import { listRulesByGroup } from "../../network/security-group-rules.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toSecurityGroupRuleView } from "./views/security-group-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The rules of the account's security groups, one by one. */
export const DescribeSecurityGroupRules = defineDescribe({
  name: "DescribeSecurityGroupRules",
  supported: "whole",
  ids: ({ SecurityGroupRuleIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const ids = input.SecurityGroupRuleIds ?? [];
    requireWellFormed("securityGroupRule", ids);
    const groups = await ownedRows(tx, "security_groups", caller);
    const rules = await listRulesByGroup(tx, caller);
    const tags = await listTagsOfType(tx, caller, "security-group-rule");
    const references = await readGroupReferences(tx, groups, rules);
    const all = groups.flatMap((group) => (rules.get(group.id) ?? []).map((row) => ({ id: row.id, group, row })));
    const asked = ids.length === 0 ? all : inRequestedOrder("securityGroupRule", ids, all);
    return asked.map(({ group, row }) => toSecurityGroupRuleView(group, row, tags.get(row.id), references));
  },
  key: (rule) => rule.SecurityGroupRuleId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "group-id": (rule) => rule.GroupId,
      "security-group-rule-id": (rule) => rule.SecurityGroupRuleId,
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "securityGroupRuleIds" },
  output: (rows, nextToken) => ({ SecurityGroupRules: [...rows], ...nextTokenField(nextToken) }),
});
