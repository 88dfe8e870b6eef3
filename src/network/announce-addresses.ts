/** Whoever must hear that an interface has other addresses: the hosts of its VPC, for the packets, and its instance, whose metadata shows them. */
import { wake } from "../store/due.ts";
import type { NetworkInterfaceRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { touchVpc } from "./vpc-specification.ts";

export async function announceAddresses(tx: Tx, { vpc_id: vpcId, instance_id: instance }: Pick<NetworkInterfaceRow, "vpc_id" | "instance_id">, now: number): Promise<void> {
  await touchVpc(tx, vpcId, now);
  if (instance !== null) await wake(tx, { kind: "instance", key: instance }, now);
}
