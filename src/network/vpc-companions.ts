/** What comes and goes with a VPC: its main route table with the local route, its default security group and its default network ACL. */
import { newId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { createDefaultNetworkAcl, deleteNetworkAcl } from "./network-acl.ts";
import { createDefaultSecurityGroup, deleteSecurityGroup } from "./security-group.ts";

export async function createCompanions(tx: Tx, vpc: VpcRow, random: Random): Promise<void> {
  const { account, region, id: vpcId } = vpc;
  const table = newId("routeTable", random);
  await tx.db.insertInto("route_tables").values({ id: table, account, region, vpc_id: vpcId, main: 1 }).execute();
  await tx.db.insertInto("routes").values({ route_table_id: table, destination: vpc.cidr, target_id: "local" }).execute();
  await createDefaultNetworkAcl(tx, vpc, vpcId, random);
  await createDefaultSecurityGroup(tx, vpc, vpcId, random);
}

/** Takes them away from a VPC that has nothing else. */
export async function deleteCompanions(tx: Tx, vpcId: VpcId): Promise<void> {
  const tables = await tx.db.selectFrom("route_tables").select("id").where("vpc_id", "=", vpcId).execute();
  for (const { id } of tables) {
    await tx.db.deleteFrom("routes").where("route_table_id", "=", id).execute();
    await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
  }
  await tx.db.deleteFrom("route_tables").where("vpc_id", "=", vpcId).execute();
  const groups = await tx.db.selectFrom("security_groups").select("id").where("vpc_id", "=", vpcId).execute();
  for (const { id } of groups) await deleteSecurityGroup(tx, id);
  const acls = await tx.db.selectFrom("network_acls").select("id").where("vpc_id", "=", vpcId).execute();
  for (const { id } of acls) await deleteNetworkAcl(tx, id);
}
