/** VPCs with what each comes with: main route table, default security group and network ACL (facts §7.1). */
import { hasDependencies } from "../base/api-error.ts";
import { newId, type InstanceId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { deleteFlowLogsOf } from "./flow-log.ts";
import { createCompanions, deleteCompanions } from "./vpc-companions.ts";
import { endPeeringsOf, requireNoForeignRequest } from "./vpc-peering.ts";
import { touchVpc } from "./vpc-specification.ts";

export interface NetworkOwner {
  readonly account: string;
  readonly region: string;
}

export interface VpcPlan extends NetworkOwner {
  readonly cidr: string;
  readonly tenancy: VpcRow["tenancy"];
  readonly isDefault: boolean;
}

export async function createVpc(tx: Tx, plan: VpcPlan, random: Random, now: number): Promise<VpcRow> {
  const { account, region, cidr, tenancy, isDefault } = plan;
  const row: VpcRow = {
    id: newId("vpc", random),
    account,
    region,
    cidr,
    is_default: isDefault ? 1 : 0,
    dhcp_options_id: await ensureDefaultDhcpOptions(tx, plan, random),
    enable_dns_support: 1,
    enable_dns_hostnames: isDefault ? 1 : 0,
    tenancy,
    address_usage_metrics: 0,
    generation: 0,
    network_identifier: null,
    created_at: now,
  };
  await tx.db.insertInto("vpcs").values(row).execute();
  await createCompanions(tx, row, random);
  return row;
}

/** The region's default option set of the account, which all VPCs begin with. */
async function ensureDefaultDhcpOptions(tx: Tx, { account, region }: NetworkOwner, random: Random): Promise<string> {
  const mine = tx.db.selectFrom("dhcp_options").select("id").where("account", "=", account).where("region", "=", region);
  const standing = await mine.where("is_default", "=", 1).executeTakeFirst();
  if (standing !== undefined) return standing.id;
  const id = newId("dhcpOptions", random);
  await tx.db.insertInto("dhcp_options").values({ id, account, region, is_default: 1, configuration: null }).execute();
  return id;
}

export async function findDefaultVpc(tx: Tx, { account, region }: NetworkOwner): Promise<VpcRow | undefined> {
  const mine = tx.db.selectFrom("vpcs").selectAll().where("account", "=", account).where("region", "=", region);
  return mine.where("is_default", "=", 1).executeTakeFirst();
}

/** Fails while anything is in the VPC but what it came with. */
export async function requireEmptyVpc(tx: Tx, vpc: VpcRow, now: number): Promise<void> {
  const { id } = vpc;
  await requireNoForeignRequest(tx, vpc, now);
  const [gateway, egressOnly, endpoint, subnet, nic, table, group, acl] = [
    await tx.db.selectFrom("internet_gateways").select("id").where("vpc_id", "=", id).executeTakeFirst(),
    await tx.db.selectFrom("egress_only_gateways").select("id").where("vpc_id", "=", id).executeTakeFirst(),
    await tx.db.selectFrom("vpc_endpoints").select("id").where("vpc_id", "=", id).executeTakeFirst(),
    await tx.db.selectFrom("subnets").select("id").where("vpc_id", "=", id).executeTakeFirst(),
    await tx.db.selectFrom("network_interfaces").select("id").where("vpc_id", "=", id).executeTakeFirst(),
    await tx.db.selectFrom("route_tables").select("id").where("vpc_id", "=", id).where("main", "=", 0).executeTakeFirst(),
    await tx.db.selectFrom("security_groups").select("id").where("vpc_id", "=", id).where("name", "!=", "default").executeTakeFirst(),
    await tx.db.selectFrom("network_acls").select("id").where("vpc_id", "=", id).where("is_default", "=", 0).executeTakeFirst(),
  ];
  if ((gateway ?? egressOnly ?? endpoint ?? subnet ?? nic ?? table ?? group ?? acl) !== undefined) throw hasDependencies("vpc", id);
}

/** Removes an empty VPC and what it came with. */
export async function deleteVpc(tx: Tx, vpc: VpcRow, now: number): Promise<void> {
  await endPeeringsOf(tx, vpc.id, now);
  await deleteCompanions(tx, vpc.id);
  await tx.db.deleteFrom("vpc_cidr_blocks").where("vpc_id", "=", vpc.id).execute();
  await deleteFlowLogsOf(tx, vpc.id);
  await tx.db.deleteFrom("vpc_ipv6_blocks").where("vpc_id", "=", vpc.id).execute();
  await tx.db.deleteFrom("vpcs").where("id", "=", vpc.id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", vpc.id).execute();
  await touchVpc(tx, vpc.id, now);
}

/** Instances that have an interface in the VPC. */
export async function listInstancesOfVpc(tx: Tx, id: VpcId): Promise<InstanceId[]> {
  const rows = await tx.db.selectFrom("network_interfaces").select("instance_id").distinct().where("vpc_id", "=", id).execute();
  return rows.flatMap((row) => row.instance_id ?? []);
}

export type VpcAttributes = Partial<Pick<VpcRow, "enable_dns_support" | "enable_dns_hostnames" | "address_usage_metrics" | "dhcp_options_id">>;

export async function setVpcAttributes(tx: Tx, id: VpcId, attributes: VpcAttributes, now: number): Promise<void> {
  await tx.db.updateTable("vpcs").set(attributes).where("id", "=", id).execute();
  await touchVpc(tx, id, now);
}
