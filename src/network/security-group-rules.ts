/** Security group rules, read together with the groups that own them. */
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";

/** The rules of all the owner's groups, by group, in the order of their ids. */
export async function listRulesByGroup(tx: Tx, owner: { account: string; region: string }): Promise<ReadonlyMap<string, readonly SecurityGroupRuleRow[]>> {
  const rows = await tx.db
    .selectFrom("security_group_rules")
    .innerJoin("security_groups", "security_groups.id", "security_group_rules.group_id")
    .selectAll("security_group_rules")
    .where("security_groups.account", "=", owner.account)
    .where("security_groups.region", "=", owner.region)
    .orderBy("security_group_rules.id")
    .execute();
  return Map.groupBy(rows, (row) => row.group_id);
}

/** Rules of one direction with the same protocol and ports: what one IpPermission shows. */
export interface FoldedRules {
  readonly protocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly cidrs: readonly string[];
  readonly groupIds: readonly string[];
}

/** Folds the rules of a direction by protocol and ports; `-1` has no ports (facts §7.6). */
export function foldRules(rules: readonly SecurityGroupRuleRow[], egress: boolean): FoldedRules[] {
  const mine = rules.filter((rule) => (rule.egress === 1) === egress);
  const folded = Map.groupBy(mine, (rule) => JSON.stringify([rule.protocol, rule.from_port, rule.to_port]));
  return Array.from(folded.values(), (same) => ({
    protocol: same[0]?.protocol ?? "",
    fromPort: same[0]?.from_port ?? undefined,
    toPort: same[0]?.to_port ?? undefined,
    cidrs: same.flatMap((rule) => rule.cidr ?? []),
    groupIds: same.flatMap((rule) => rule.referenced_group_id ?? []),
  }));
}

/** The groups of the names in the VPC; names are the same whatever their case. Undefined for a name that no group has. */
export function findGroupByName(groups: readonly SecurityGroupRow[], vpcId: string, name: string): SecurityGroupRow | undefined {
  return groups.find((group) => group.vpc_id === vpcId && group.name.toLowerCase() === name.toLowerCase());
}
