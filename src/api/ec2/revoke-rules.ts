/** RevokeSecurityGroupIngress and …Egress, which differ in the direction alone. */
import type { RevokeSecurityGroupIngressResult } from "@aws-sdk/client-ec2";
import { parametersExclude } from "../../base/api-error.ts";
import { matchRules, removeRules, requireRevocable, requireRules, type MatchedRules } from "../../network/security-group-changes.ts";
import { parseRules, type PermissionRequest } from "../../network/security-group-permissions.ts";
import type { SecurityGroupRow } from "../../store/network-tables.ts";
import type { Call } from "../action.ts";
import { requireGroup } from "./group-request.ts";
import { toPermissions, toRevokedRuleView } from "./views/security-group-view.ts";

interface Input extends PermissionRequest {
  readonly GroupId?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly SecurityGroupRuleIds?: string[] | undefined;
}

interface Revocation extends MatchedRules {
  readonly group: SecurityGroupRow;
  readonly egress: boolean;
}

export async function planRevocation({ input, caller, tx }: Call<Input>, egress: boolean): Promise<Revocation> {
  const group = await requireGroup(tx, caller, input);
  const ids = input.SecurityGroupRuleIds ?? [];
  if (ids.length > 0) {
    if ((input.IpPermissions ?? []).length > 0) throw parametersExclude("securityGroupRuleIds", "ipPermissions");
    return { group, egress, found: await requireRules(tx, group.id, ids, egress), unknown: [] };
  }
  const matched = await matchRules(tx, group.id, await parseRules(tx, group, input, egress));
  await requireRevocable(tx, group, matched.unknown);
  return { group, egress, ...matched };
}

export async function applyRevocation({ group, egress, found, unknown }: Revocation, { tx, now }: Call<Input>): Promise<RevokeSecurityGroupIngressResult> {
  await removeRules(tx, group, found, now);
  return {
    Return: true,
    UnknownIpPermissions: toPermissions(group, unknown, egress),
    RevokedSecurityGroupRules: found.map((row) => toRevokedRuleView(group, row)),
  };
}
