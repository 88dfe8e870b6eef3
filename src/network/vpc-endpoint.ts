/**
 * VPC endpoints as rows (facts §7.11). A gateway endpoint is a route in each of its tables and nothing else. An interface endpoint has an interface in each
 * of its subnets, which nobody else may manage; every host that has a guest of the VPC answers for all of them, so none of them is on one host.
 */
import { endpointServiceName, serviceHostName, type EndpointService } from "../base/endpoint-services.ts";
import { endpointRouteExists, privateDnsConflict, privateDnsNeedsNames } from "../base/api-error.ts";
import { newId, type EndpointId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { wake } from "../store/due.ts";
import type { Flag } from "../store/tables.ts";
import type { NetworkInterfaceRow, SubnetRow, VpcEndpointRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { createInterface, deleteInterface } from "./network-interface.ts";
import { listManagedPrefixLists } from "./prefix-lists.ts";
import { findRoute } from "./route.ts";
import type { RouteTableRow } from "./route-table.ts";
import { touchVpc } from "./vpc-specification.ts";

export type EndpointState = "pending" | "available" | "deleting";

/** A subnet that an interface endpoint is to be in, and the address that it is to have there, if it matters. */
export interface EndpointPlace {
  readonly subnet: SubnetRow;
  readonly privateAddress: string | undefined;
}

export interface EndpointPlan {
  readonly vpc: VpcRow;
  readonly service: EndpointService;
  readonly policy: string | undefined;
  readonly tables: readonly RouteTableRow[];
  readonly places: readonly EndpointPlace[];
  readonly groupIds: readonly string[];
  readonly privateDns: boolean;
}

export function toEndpointState({ want, available_at: at }: Pick<VpcEndpointRow, "want" | "available_at">): EndpointState {
  if (want === "deleted") return "deleting";
  return at === null ? "pending" : "available";
}

export function endpointGroups({ group_ids: ids }: Pick<VpcEndpointRow, "group_ids">): string[] {
  return JSON.parse(ids) as string[]; // written by createEndpoint and changeEndpoint only
}

export async function createEndpoint(tx: Tx, plan: EndpointPlan, random: Random, now: number): Promise<VpcEndpointRow> {
  const { vpc, service, policy, tables, places, groupIds, privateDns } = plan;
  const row: VpcEndpointRow = {
    id: newId("vpcEndpoint", random),
    account: vpc.account,
    region: vpc.region,
    vpc_id: vpc.id,
    service: service.name,
    type: service.type,
    policy: policy ?? null,
    private_dns: privateDns ? 1 : 0,
    group_ids: JSON.stringify(groupIds),
    want: "present",
    available_at: service.type === "Gateway" ? now : null,
    created_at: now,
  };
  await tx.db.insertInto("vpc_endpoints").values(row).execute();
  await addTables(tx, row, tables);
  await addPlaces(tx, row, places, random, now);
  await touchEndpoint(tx, row, now);
  return row;
}

/** What may be changed of an endpoint, already checked. */
export interface EndpointChange {
  /** Undefined: as it was; null: everything is allowed. */
  readonly policy?: string | null;
  readonly privateDns?: boolean;
  readonly groupIds?: readonly string[];
  readonly addTables: readonly RouteTableRow[];
  readonly removeTables: readonly RouteTableRow[];
  readonly addPlaces: readonly EndpointPlace[];
  readonly removeSubnets: readonly SubnetRow[];
}

export async function changeEndpoint(tx: Tx, row: VpcEndpointRow, change: EndpointChange, random: Random, now: number): Promise<void> {
  const { policy, privateDns, groupIds } = change;
  const changed: VpcEndpointRow = {
    ...row,
    ...(policy === undefined ? {} : { policy }),
    ...(privateDns === undefined ? {} : { private_dns: (privateDns ? 1 : 0) satisfies Flag }),
    ...(groupIds === undefined ? {} : { group_ids: JSON.stringify(groupIds) }),
  };
  await tx.db.updateTable("vpc_endpoints").set({ policy: changed.policy, private_dns: changed.private_dns, group_ids: changed.group_ids }).where("id", "=", row.id).execute();
  await tx.db.updateTable("network_interfaces").set({ group_ids: changed.group_ids }).where("vpc_endpoint_id", "=", row.id).execute();
  for (const { id } of change.removeTables) await tx.db.deleteFrom("routes").where("route_table_id", "=", id).where("target_id", "=", row.id).execute();
  await addTables(tx, changed, change.addTables);
  const leaving = new Set(change.removeSubnets.map(({ id }) => id));
  for (const nic of await listEndpointInterfaces(tx, [row.id])) if (leaving.has(nic.subnet_id)) await deleteInterface(tx, nic, now);
  await addPlaces(tx, changed, change.addPlaces, random, now);
  await touchEndpoint(tx, row, now);
}

/** A gateway endpoint is gone with its routes; the interfaces of the other kind stay until no host answers for them. To ask again changes nothing. */
export async function deleteEndpoint(tx: Tx, row: VpcEndpointRow, now: number): Promise<void> {
  await tx.db.deleteFrom("routes").where("target_id", "=", row.id).execute();
  if (row.type === "Gateway") return forgetEndpoint(tx, row, now);
  await tx.db.updateTable("vpc_endpoints").set({ want: "deleted" }).where("id", "=", row.id).execute();
  await touchEndpoint(tx, row, now);
}

/** Nobody answers for the endpoint any more: its addresses are free. */
export async function forgetEndpoint(tx: Tx, { id }: VpcEndpointRow, now: number): Promise<void> {
  for (const nic of await listEndpointInterfaces(tx, [id])) await deleteInterface(tx, nic, now);
  await tx.db.deleteFrom("vpc_endpoints").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}

/** Lets the VPC's endpoints be looked at that are not yet, or no longer, what they should be. */
export async function wakeEndpoints(tx: Tx, vpcId: VpcId, now: number): Promise<void> {
  const rows = await tx.db.selectFrom("vpc_endpoints").select(["id", "want", "available_at"]).where("vpc_id", "=", vpcId).execute();
  for (const row of rows) if (toEndpointState(row) !== "available") await wake(tx, { kind: "vpc-endpoint", key: row.id }, now);
}

async function touchEndpoint(tx: Tx, { id, vpc_id: vpcId }: VpcEndpointRow, now: number): Promise<void> {
  await touchVpc(tx, vpcId, now);
  await wake(tx, { kind: "vpc-endpoint", key: id }, now);
}

async function addTables(tx: Tx, { id, region, service }: VpcEndpointRow, tables: readonly RouteTableRow[]): Promise<void> {
  const destination = servicePrefixList(region, service);
  for (const table of tables) await tx.db.insertInto("routes").values({ route_table_id: table.id, destination, target_id: id }).execute();
}

async function addPlaces(tx: Tx, row: VpcEndpointRow, places: readonly EndpointPlace[], random: Random, now: number): Promise<void> {
  const common = { groupIds: endpointGroups(row), secondary: { addresses: [], count: 0 }, ipv6: { addresses: [], count: 0 }, description: `VPC Endpoint Interface ${row.id}`, endpoint: row.id };
  for (const place of places) await createInterface(tx, { ...common, ...place }, undefined, random, now);
}

/** The list that the routes of a gateway endpoint have as their destination. */
export function servicePrefixList(region: string, service: string): string {
  const list = listManagedPrefixLists(region).find(({ name }) => name === endpointServiceName(region, { name: service }));
  return list?.id ?? ""; // asked for services that have gateway endpoints only, and these have lists
}

/** Fails when the table leads to the service already. */
export async function requireNewTable(tx: Tx, { region }: VpcRow, service: string, table: RouteTableRow): Promise<void> {
  const list = servicePrefixList(region, service);
  if ((await findRoute(tx, table.id, list)) !== undefined) throw endpointRouteExists(table.id, list);
}

/** Fails when the VPC's resolver could not give the service's public name another meaning. */
export async function requirePrivateDns(tx: Tx, vpc: VpcRow, service: string, own?: EndpointId): Promise<void> {
  if (vpc.enable_dns_support === 0 || vpc.enable_dns_hostnames === 0) throw privateDnsNeedsNames(vpc.id);
  const others = await tx.db.selectFrom("vpc_endpoints").select("id").where("vpc_id", "=", vpc.id).where("service", "=", service).where("private_dns", "=", 1).execute();
  if (others.some(({ id }) => id !== own)) throw privateDnsConflict(serviceHostName(vpc.region, service), vpc.id);
}

export async function listEndpointInterfaces(tx: Tx, ids: readonly EndpointId[]): Promise<NetworkInterfaceRow[]> {
  if (ids.length === 0) return [];
  return tx.db.selectFrom("network_interfaces").selectAll().where("vpc_endpoint_id", "in", ids).orderBy("zone").execute();
}

/** The tables of gateway endpoints, by endpoint. */
export async function listEndpointTables(tx: Tx, ids: readonly EndpointId[]): Promise<ReadonlyMap<string, readonly string[]>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.db.selectFrom("routes").select(["target_id", "route_table_id"]).where("target_id", "in", ids).orderBy("route_table_id").execute();
  return new Map([...Map.groupBy(rows, (row) => row.target_id)].map(([id, all]) => [id, all.map((row) => row.route_table_id)]));
}
