/** AuthorizeSecurityGroupIngress and …Egress, which differ in the direction alone. */
import type { AuthorizeSecurityGroupIngressResult, TagSpecification } from "@aws-sdk/client-ec2";
import { parseTagSpecifications, putTags, type Tag } from "../../compute/tags.ts";
import type { Grant } from "../../iam/authorize.ts";
import { addRules, requireNewRules } from "../../network/security-group-changes.ts";
import { parseRules, type PermissionRequest } from "../../network/security-group-permissions.ts";
import type { RuleColumns } from "../../network/security-group-rules.ts";
import type { SecurityGroupRow } from "../../store/network-tables.ts";
import { ec2Arn, type Call } from "../action.ts";
import { requireGroup } from "./group-request.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toSecurityGroupRuleView } from "./views/security-group-view.ts";

interface Input extends PermissionRequest {
  readonly GroupId?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly TagSpecifications?: TagSpecification[] | undefined;
}

interface Authorization {
  readonly group: SecurityGroupRow;
  readonly rules: readonly RuleColumns[];
  readonly tags: readonly Tag[];
}

export async function planAuthorization({ input, caller, tx }: Call<Input>, egress: boolean): Promise<Authorization> {
  const group = await requireGroup(tx, caller, input);
  const tags = parseTagSpecifications(input.TagSpecifications, ["security-group-rule"]).get("security-group-rule") ?? [];
  const rules = await parseRules(tx, group, input, egress);
  await requireNewRules(tx, group.id, rules);
  return { group, rules, tags };
}

export function authorizationGrants(action: string, { group, tags }: Authorization, { caller }: Call<Input>): Grant[] {
  const resource = ec2Arn(caller, "security-group", group.id);
  return [{ action: `ec2:${action}`, resource }, ...createTagsGrants(tags, [ec2Arn(caller, "security-group-rule", "*")])];
}

/** Every rule gets all the tags of the request. */
export async function applyAuthorization({ group, rules, tags }: Authorization, { caller, tx, random, now }: Call<Input>): Promise<AuthorizeSecurityGroupIngressResult> {
  const rows = await addRules(tx, group, rules, random, now);
  for (const { id } of rows) await putTags(tx, { id, type: "security-group-rule", account: caller.account, region: caller.region }, tags);
  return { Return: true, SecurityGroupRules: rows.map((row) => toSecurityGroupRuleView(group, row, tags)) };
}
