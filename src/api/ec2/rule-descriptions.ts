/** UpdateSecurityGroupRuleDescriptionsIngress and …Egress, which differ in the direction alone. */
import type { IpPermission, SecurityGroupRuleDescription } from "@aws-sdk/client-ec2";
import { missingParameter, parametersExclude, permissionNotFound } from "../../base/api-error.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { matchRules, requireRules } from "../../network/security-group-changes.ts";
import { parseRuleDescription, parseRules } from "../../network/security-group-permissions.ts";
import { isSameRule } from "../../network/security-group-rules.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../../store/network-tables.ts";
import type { Call } from "../action.ts";
import { requireGroup } from "./group-request.ts";

interface Input {
  readonly GroupId?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly IpPermissions?: IpPermission[] | undefined;
  readonly SecurityGroupRuleDescriptions?: SecurityGroupRuleDescription[] | undefined;
}

/** The rules as they will be. */
interface Descriptions {
  readonly group: SecurityGroupRow;
  readonly rules: readonly SecurityGroupRuleRow[];
}

export async function planDescriptions({ input, caller, tx }: Call<Input>, egress: boolean): Promise<Descriptions> {
  const group = await requireGroup(tx, caller, input);
  const named = input.SecurityGroupRuleDescriptions ?? [];
  if (named.length > 0) {
    if ((input.IpPermissions ?? []).length > 0) throw parametersExclude("securityGroupRuleDescriptions", "ipPermissions");
    const texts = new Map(named.map(({ SecurityGroupRuleId: id, Description: text }) => [requireId(id), parseRuleDescription(text)]));
    const standing = await requireRules(tx, group.id, [...texts.keys()], egress);
    return { group, rules: standing.map((rule) => ({ ...rule, description: texts.get(rule.id) ?? null })) };
  }
  const wanted = await parseRules(tx, group, { IpPermissions: input.IpPermissions }, egress);
  const { found, unknown } = await matchRules(tx, group.id, wanted);
  if (unknown.length > 0) throw permissionNotFound();
  return { group, rules: found.map((rule) => ({ ...rule, description: wanted.find((each) => isSameRule(each, rule))?.description ?? null })) };
}

function requireId(id: string | undefined): string {
  if (id === undefined) throw missingParameter("securityGroupRuleId");
  requireWellFormed("securityGroupRule", [id]);
  return id;
}
