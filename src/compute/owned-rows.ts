/**
 * Rows of an account in a region: all of them, or those of the ids that a request names. Another account's rows do not exist for the caller.
 */
import type { ResourceKind } from "../base/ids.ts";
import type { Tables } from "../store/tables.ts";
import type { Tx } from "../store/store.ts";
import { inRequestedOrder, requireWellFormed } from "./resources.ts";

export interface Owner {
  readonly account: string;
  readonly region: string;
}

/** The tables whose rows are an account's resources, and the kind of their ids. */
const kinds = {
  instances: "instance",
  images: "image",
  key_pairs: "keyPair",
  launch_templates: "launchTemplate",
  volumes: "volume",
  snapshots: "snapshot",
  import_tasks: "importSnapshotTask",
  vpcs: "vpc",
  subnets: "subnet",
  internet_gateways: "internetGateway",
  nat_gateways: "natGateway",
  egress_only_gateways: "egressOnlyGateway",
  route_tables: "routeTable",
  network_acls: "networkAcl",
  dhcp_options: "dhcpOptions",
  security_groups: "securityGroup",
  network_interfaces: "networkInterface",
  elastic_ips: "elasticIp",
  flow_logs: "flowLog",
  prefix_lists: "prefixList",
  vpc_endpoints: "vpcEndpoint",
  instance_connect_endpoints: "instanceConnectEndpoint",
  placement_groups: "placementGroup",
  dedicated_hosts: "dedicatedHost",
  capacity_reservations: "capacityReservation",
} as const satisfies Partial<Record<keyof Tables, ResourceKind>>;

export type OwnedTable = keyof typeof kinds;

/** The table that holds the resources of this kind, or undefined when none does. */
export function tableOfKind(kind: ResourceKind): OwnedTable | undefined {
  const tables = Object.keys(kinds) as OwnedTable[]; // Object.keys widens to string[]
  return tables.find((table) => kinds[table] === kind);
}

/** All of the owner's rows without ids, else those of the ids, in that order. Fails for malformed, unknown and foreign ids. */
export async function ownedRows<T extends OwnedTable>(tx: Tx, table: T, owner: Owner, ids?: readonly string[]): Promise<Tables[T][]> {
  const kind = kinds[table];
  const asked = ids === undefined || ids.length === 0 ? undefined : ids;
  if (asked !== undefined) requireWellFormed(kind, asked);
  // All these tables have the three columns; Kysely cannot be told so for a table known only at run time.
  const mine = tx.db.selectFrom(table as "vpcs").selectAll().where("account", "=", owner.account).where("region", "=", owner.region);
  const rows = await (asked === undefined ? mine : mine.where("id", "in", asked as never)).execute();
  const found = rows as unknown as (Tables[T] & { readonly id: string })[]; // see above
  return asked === undefined ? found : inRequestedOrder(kind, asked, found);
}

/** The one row of the id. Fails for a malformed, unknown and foreign id. */
export async function requireOwnedRow<T extends OwnedTable>(tx: Tx, table: T, owner: Owner, id: string): Promise<Tables[T]> {
  const [row] = await ownedRows(tx, table, owner, [id]);
  if (row === undefined) throw new Error("rows of ids are there or fail");
  return row;
}
