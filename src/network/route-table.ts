/** Route tables and which subnets use them: each its own one, or its VPC's main one (facts §7.2). */
import { hasDependencies, invalidParameterValue, notFound, tableAssociated } from "../base/api-error.ts";
import { isId, newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { NetworkTables, SubnetRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { listVpcCidrs } from "./vpc-cidrs.ts";
import { listIpv6Cidrs } from "./vpc-ipv6-cidrs.ts";
import { touchVpc } from "./vpc-specification.ts";
import type { NetworkOwner } from "./vpc.ts";

export type RouteTableRow = NetworkTables["route_tables"];
export type AssociationRow = NetworkTables["route_table_associations"];

/** A table with the local routes of its VPC. */
export async function createRouteTable(tx: Tx, vpc: VpcRow, random: Random): Promise<RouteTableRow> {
  const row: RouteTableRow = { id: newId("routeTable", random), account: vpc.account, region: vpc.region, vpc_id: vpc.id, main: 0 };
  await tx.db.insertInto("route_tables").values(row).execute();
  const cidrs = [...(await listVpcCidrs(tx, vpc)), ...(await listIpv6Cidrs(tx, vpc.id))];
  const routes = cidrs.map((cidr) => ({ route_table_id: row.id, destination: cidr, target_id: "local" }));
  await tx.db.insertInto("routes").values(routes).execute();
  return row;
}

/** Fails for a main table, and while a subnet uses the table. */
export async function requireUnusedTable(tx: Tx, { id, main }: RouteTableRow): Promise<void> {
  const association = await tx.db.selectFrom("route_table_associations").select("id").where("route_table_id", "=", id).executeTakeFirst();
  if (main === 1 || association !== undefined) throw hasDependencies("routeTable", id);
}

export async function deleteRouteTable(tx: Tx, { id }: RouteTableRow): Promise<void> {
  await tx.db.deleteFrom("routes").where("route_table_id", "=", id).execute();
  await tx.db.deleteFrom("route_tables").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}

export function listAssociations(tx: Tx, tableIds: readonly string[]): Promise<AssociationRow[]> {
  if (tableIds.length === 0) return Promise.resolve([]);
  return tx.db.selectFrom("route_table_associations").selectAll().where("route_table_id", "in", tableIds).orderBy("id").execute();
}

/** The subnet's association with this table, if it stands already. Fails when the subnet uses another table of its own. */
export async function findStandingAssociation(tx: Tx, table: RouteTableRow, subnet: SubnetRow): Promise<AssociationRow | undefined> {
  if (subnet.vpc_id !== table.vpc_id) throw invalidParameterValue(`route table ${table.id} and subnet ${subnet.id} belong to different networks`);
  const row = await tx.db.selectFrom("route_table_associations").selectAll().where("subnet_id", "=", subnet.id).executeTakeFirst();
  if (row !== undefined && row.route_table_id !== table.id) throw tableAssociated(table.id);
  return row;
}

export async function associateTable(tx: Tx, table: RouteTableRow, subnet: SubnetRow, random: Random, now: number): Promise<AssociationRow> {
  const row: AssociationRow = { id: newId("routeTableAssociation", random), route_table_id: table.id, subnet_id: subnet.id };
  await tx.db.insertInto("route_table_associations").values(row).execute();
  await touchVpc(tx, table.vpc_id, now);
  return row;
}

/** An association of a subnet, or that of a VPC with its main table, which is no row. */
export type FoundAssociation = { readonly table: RouteTableRow } & ({ readonly kind: "main" } | { readonly kind: "subnet"; readonly row: AssociationRow });

/** The id under which a main table is associated with its VPC: it has the table's digits. */
export function mainAssociationId(tableId: string): string {
  return `rtbassoc-${tableId.slice(tableId.lastIndexOf("-") + 1)}`;
}

export async function requireAssociation(tx: Tx, { account, region }: NetworkOwner, id: string): Promise<FoundAssociation> {
  const mine = () => tx.db.selectFrom("route_tables").selectAll().where("account", "=", account).where("region", "=", region);
  const row = await tx.db.selectFrom("route_table_associations").selectAll().where("id", "=", id).executeTakeFirst();
  const table = row === undefined ? undefined : await mine().where("id", "=", row.route_table_id).executeTakeFirst();
  if (row !== undefined && table !== undefined) return { kind: "subnet", row, table };
  const tableId = `rtb-${id.slice(id.lastIndexOf("-") + 1)}`;
  const main = isId("routeTableAssociation", id) ? await mine().where("id", "=", tableId).where("main", "=", 1).executeTakeFirst() : undefined;
  if (main === undefined) throw notFound("routeTableAssociation", id);
  return { kind: "main", table: main };
}

export async function disassociateTable(tx: Tx, { row, table }: FoundAssociation & { kind: "subnet" }, now: number): Promise<void> {
  await tx.db.deleteFrom("route_table_associations").where("id", "=", row.id).execute();
  await touchVpc(tx, table.vpc_id, now);
}

/** Lets the subnet, or all that use the VPC's main table, use another one. Returns the new association's id. */
export async function replaceAssociation(tx: Tx, found: FoundAssociation, table: RouteTableRow, random: Random, now: number): Promise<string> {
  await touchVpc(tx, table.vpc_id, now);
  if (found.kind === "main") {
    await tx.db.updateTable("route_tables").set({ main: 0 }).where("id", "=", found.table.id).execute();
    await tx.db.updateTable("route_tables").set({ main: 1 }).where("id", "=", table.id).execute();
    return mainAssociationId(table.id);
  }
  const id = newId("routeTableAssociation", random);
  await tx.db.updateTable("route_table_associations").set({ id, route_table_id: table.id }).where("id", "=", found.row.id).execute();
  return id;
}
