/** Which route table and which network ACL each subnet of a VPC has: its own, or the VPC's main table and its default ACL. */
import type { SubnetId, VpcId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";

/** Of each subnet the id of its table, or of its ACL. */
export type SubnetChoice = (subnet: SubnetId) => string;

export async function readTableChoice(tx: Tx, vpcId: VpcId): Promise<SubnetChoice> {
  const tables = await tx.db.selectFrom("route_tables").select(["id", "main"]).where("vpc_id", "=", vpcId).execute();
  const associations = await tx.db
    .selectFrom("route_table_associations")
    .innerJoin("route_tables", "route_tables.id", "route_table_associations.route_table_id")
    .select(["route_table_id", "subnet_id"])
    .where("vpc_id", "=", vpcId)
    .execute();
  const own = new Map(associations.map((row) => [row.subnet_id, row.route_table_id]));
  const main = tables.find((table) => table.main === 1)?.id ?? "";
  return (subnet) => own.get(subnet) ?? main;
}

export async function readAclChoice(tx: Tx, vpcId: VpcId): Promise<SubnetChoice> {
  const acls = await tx.db.selectFrom("network_acls").select(["id", "is_default"]).where("vpc_id", "=", vpcId).execute();
  const associations = await tx.db
    .selectFrom("network_acl_associations")
    .innerJoin("network_acls", "network_acls.id", "network_acl_associations.network_acl_id")
    .select(["network_acl_id", "subnet_id"])
    .where("vpc_id", "=", vpcId)
    .execute();
  const own = new Map(associations.map((row) => [row.subnet_id, row.network_acl_id]));
  const standard = acls.find((acl) => acl.is_default === 1)?.id ?? "";
  return (subnet) => own.get(subnet) ?? standard;
}
