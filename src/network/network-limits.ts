/** How much of each thing an account may have in a region (facts §12.5). */
import { limitExceeded, type ApiError } from "../base/api-error.ts";
import type { Tx } from "../store/store.ts";

const limits = {
  vpcs: { most: 5, error: () => limitExceeded("VpcLimitExceeded", "The maximum number of VPCs has been reached.") },
  internet_gateways: { most: 5, error: () => limitExceeded("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.") },
  egress_only_gateways: {
    most: 5,
    error: () => limitExceeded("EgressOnlyInternetGatewayLimitExceeded", "The maximum number of egress-only internet gateways has been reached."),
  },
  elastic_ips: { most: 5, error: () => limitExceeded("AddressLimitExceeded", "The maximum number of addresses has been reached.") },
  network_interfaces: { most: 5000, error: () => limitExceeded("NetworkInterfaceLimitExceeded", "The maximum number of network interfaces has been reached.") },
} as const satisfies Record<string, { most: number; error: () => ApiError }>;

/** Fails when the account has as many of these in the region as it may. */
export async function requireRoomFor(tx: Tx, table: keyof typeof limits, owner: { account: string; region: string }): Promise<void> {
  // All these tables have the two columns; Kysely cannot be told so for a table known only at run time.
  const mine = tx.db.selectFrom(table as "vpcs").where("account", "=", owner.account).where("region", "=", owner.region);
  const { count } = await mine.select(({ fn }) => fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  if (Number(count) >= limits[table].most) throw limits[table].error();
}

const perVpc = {
  subnets: { most: 200, error: () => limitExceeded("SubnetLimitExceeded", "The maximum number of subnets has been reached.") },
  route_tables: { most: 200, error: () => limitExceeded("RouteTableLimitExceeded", "The maximum number of route tables has been reached.") },
} as const satisfies Record<string, { most: number; error: () => ApiError }>;

/** Fails when the VPC has as many of these as it may. */
export async function requireRoomIn(tx: Tx, table: keyof typeof perVpc, vpcId: string): Promise<void> {
  const mine = tx.db.selectFrom(table as "subnets").where("vpc_id", "=", vpcId as never); // both tables have the column; the id is a row's
  const { count } = await mine.select(({ fn }) => fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  if (Number(count) >= perVpc[table].most) throw perVpc[table].error();
}
