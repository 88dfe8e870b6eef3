import type { SecurityGroupRuleUpdate } from "@aws-sdk/client-ec2";
import { invalidParameterCombination, invalidParameterValue, missingParameter } from "../../base/api-error.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { requireDistinct, requireRules, writeRules } from "../../network/security-group-changes.ts";
import { parseRuleDescription, parseTraffic, toGroupPeer, toIpv4Peer, toIpv6Peer, toListPeer } from "../../network/security-group-permissions.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireGroup } from "./group-request.ts";

/** Gives rules of a security group another content under the same ids, all or none. */
export const ModifySecurityGroupRules = defineAction({
  name: "ModifySecurityGroupRules",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const updates = input.SecurityGroupRules ?? [];
    if (updates.length === 0) throw missingParameter("securityGroupRules");
    const ids = updates.map(({ SecurityGroupRuleId: id }) => id ?? "");
    requireWellFormed("securityGroupRule", ids);
    if (new Set(ids).size < ids.length) throw invalidParameterValue("The same security group rule must not appear multiple times");
    const group = await requireGroup(tx, caller, input);
    const rules = [];
    for (const rule of await requireRules(tx, group.id, ids)) rules.push(await change(tx, group, rule, updates[ids.indexOf(rule.id)] ?? { SecurityGroupRuleId: rule.id }));
    await requireDistinct(tx, group.id, rules);
    return { group, rules };
  },
  authorize: ({ group, rules }, { caller }) => [
    { action: "ec2:ModifySecurityGroupRules", resource: ec2Arn(caller, "security-group", group.id) },
    ...rules.map(({ id }) => ({ action: "ec2:ModifySecurityGroupRules", resource: ec2Arn(caller, "security-group-rule", id) })),
  ],
  apply: async ({ group, rules }, { tx, now }) => {
    await writeRules(tx, group, rules, now);
    return { Return: true };
  },
});

/** The rule as the request says it whole; only its direction stays. */
async function change(tx: Tx, group: SecurityGroupRow, rule: SecurityGroupRuleRow, { SecurityGroupRule: wanted }: SecurityGroupRuleUpdate): Promise<SecurityGroupRuleRow> {
  if (wanted === undefined) throw missingParameter("securityGroupRule");
  const { CidrIpv4: cidr, CidrIpv6: ipv6Cidr, PrefixListId: list, ReferencedGroupId: referenced } = wanted;
  const peers = [cidr, ipv6Cidr, list, referenced].filter((peer) => peer !== undefined);
  if (peers.length !== 1) throw invalidParameterCombination("Exactly one of cidrIpv4, cidrIpv6, prefixListId and referencedGroupId must be specified.");
  const peer = list !== undefined ? await toListPeer(tx, group, list) : cidr !== undefined ? toIpv4Peer(cidr) : ipv6Cidr !== undefined ? toIpv6Peer(ipv6Cidr) : await toGroupPeer(tx, group, { GroupId: referenced });
  return { ...rule, ...parseTraffic(wanted), ...peer, description: parseRuleDescription(wanted.Description) };
}
