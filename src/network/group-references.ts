/** Rules that name groups of peered VPCs: where these groups are, and which rules have become stale (facts §7.6). */
import type { VpcId } from "../base/ids.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow, VpcPeeringRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";

/** A group of another VPC as a rule of this one names it. */
export interface GroupReference {
  /** Absent: the group is gone. */
  readonly vpcId?: VpcId;
  /** The newest connection between the two VPCs. */
  readonly connection?: VpcPeeringRow;
}

/** By id, the groups that the rules of these groups name and that are in another VPC than they. */
export async function readGroupReferences(tx: Tx, groups: readonly SecurityGroupRow[], rulesOf: ReadonlyMap<string, readonly SecurityGroupRuleRow[]>): Promise<ReadonlyMap<string, GroupReference>> {
  const naming = groups.flatMap((group) => (rulesOf.get(group.id) ?? []).flatMap((rule) => (rule.referenced_group_id === null || rule.referenced_group_id === group.id ? [] : { group, id: rule.referenced_group_id })));
  const references = new Map<string, GroupReference>();
  if (naming.length === 0) return references;
  const named = await tx.db.selectFrom("security_groups").select(["id", "vpc_id"]).where("id", "in", [...new Set(naming.map(({ id }) => id))]).execute();
  const vpcOf = new Map(named.map((row) => [row.id, row.vpc_id]));
  for (const { group, id } of naming) {
    const vpcId = vpcOf.get(id);
    if (vpcId === group.vpc_id) continue;
    const connection = vpcId === undefined ? undefined : await findNewest(tx, group.vpc_id, vpcId);
    references.set(id, { ...(vpcId === undefined ? {} : { vpcId }), ...(connection === undefined ? {} : { connection }) });
  }
  return references;
}

function findNewest(tx: Tx, one: VpcId, other: VpcId): Promise<VpcPeeringRow | undefined> {
  return tx.db
    .selectFrom("vpc_peering_connections")
    .selectAll()
    .where("requester_vpc_id", "in", [one, other])
    .where("accepter_vpc_id", "in", [one, other])
    .where("state", "in", ["active", "deleted"])
    .orderBy("created_at", "desc")
    .executeTakeFirst();
}

/** The group is gone, or no peering connection leads to it any more. */
export function isStale(reference: GroupReference | undefined): boolean {
  return reference !== undefined && reference.connection?.state !== "active";
}

export interface NamingVpc {
  readonly groupId: string;
  readonly vpcId: VpcId;
  readonly connection: VpcPeeringRow;
}

/** The VPCs at the other ends of peering connections whose groups' rules name one of these groups. */
export async function listNamingVpcs(tx: Tx, groups: readonly SecurityGroupRow[]): Promise<NamingVpc[]> {
  const found: NamingVpc[] = [];
  for (const group of groups) {
    const rows = await tx.db
      .selectFrom("security_group_rules")
      .innerJoin("security_groups", "security_groups.id", "security_group_rules.group_id")
      .select("vpc_id")
      .distinct()
      .where("referenced_group_id", "=", group.id)
      .where("vpc_id", "!=", group.vpc_id)
      .execute();
    for (const { vpc_id: vpcId } of rows) {
      const connection = await findNewest(tx, vpcId, group.vpc_id);
      if (connection !== undefined) found.push({ groupId: group.id, vpcId, connection });
    }
  }
  return found;
}
