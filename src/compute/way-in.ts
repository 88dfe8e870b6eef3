/** How the service gets to a guest: which host has it, and by which address it is reached: a public one (decision 0020), else through an endpoint (0024). */
import { isId, type ConnectEndpointId } from "../base/ids.ts";
import { isUsable } from "../network/connect-endpoint.ts";
import { listInterfaceAddresses } from "../network/interface-addresses.ts";
import { listInterfacesOf } from "../network/network-interface.ts";
import type { Tx } from "../store/store.ts";
import { toInstanceState } from "./instance-state.ts";
import type { Owner } from "./owned-rows.ts";

export interface WayIn {
  readonly hostId: string;
  readonly address: string;
  /** The Instance Connect Endpoint in whose VPC the address is; undefined: it is public. */
  readonly through: ConnectEndpointId | undefined;
  /** Another one after each start: what led to an earlier run leads nowhere. */
  readonly run: number;
}

export type NoWayIn = "no-instance" | "not-running" | "no-public-address";

export async function findWayIn(tx: Tx, { account, region }: Owner, id: string): Promise<WayIn | NoWayIn> {
  if (!isId("instance", id)) return "no-instance";
  const row = await tx.db.selectFrom("instances").selectAll().where("id", "=", id).where("account", "=", account).where("region", "=", region).executeTakeFirst();
  if (row === undefined || toInstanceState(row) === "terminated") return "no-instance";
  if (row.host_id === null || toInstanceState(row) !== "running") return "not-running";
  const interfaces = (await listInterfacesOf(tx, id)).toSorted((a, b) => (a.device_index ?? 0) - (b.device_index ?? 0));
  const addresses = await listInterfaceAddresses(tx, interfaces);
  const [address] = interfaces.flatMap((nic) => addresses.get(nic.id) ?? []).flatMap(({ publicAddress }) => publicAddress ?? []);
  const [hostId, run, [primary]] = [row.host_id, row.run, interfaces];
  if (address !== undefined || primary === undefined) return address === undefined ? "no-public-address" : { hostId, run, address, through: undefined };
  const endpoints = await tx.db.selectFrom("instance_connect_endpoints").selectAll().where("vpc_id", "=", primary.vpc_id).execute();
  const through = endpoints.find(isUsable)?.id;
  return through === undefined ? "no-public-address" : { hostId, run, address: primary.private_address, through };
}
