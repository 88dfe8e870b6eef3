/** Changing one attribute of an interface; its instance's metadata follow. */
import { wake } from "../store/due.ts";
import type { NetworkInterfaceRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { setInterfaceGroups } from "./network-interface.ts";
import { touchVpc } from "./vpc-specification.ts";

export type InterfaceChange =
  | { readonly kind: "groups"; readonly groupIds: readonly string[] }
  | { readonly kind: "columns"; readonly columns: Partial<Pick<NetworkInterfaceRow, "description" | "source_dest_check" | "delete_on_termination">> };

export async function changeInterface(tx: Tx, { id, vpc_id: vpcId, instance_id: instance }: NetworkInterfaceRow, change: InterfaceChange, now: number): Promise<void> {
  if (change.kind === "groups") await setInterfaceGroups(tx, id, change.groupIds);
  else await tx.db.updateTable("network_interfaces").set(change.columns).where("id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
  if (instance !== null) await wake(tx, { kind: "instance", key: instance }, now);
}
