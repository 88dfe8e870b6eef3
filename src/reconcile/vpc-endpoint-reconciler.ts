/**
 * Interface endpoints: sees the hosts say that they answer for a new one's interfaces, and that they no longer do for a deleted one's, whose addresses are
 * free then. What hosts are told stands in the VPC's specification.
 */
import type { EndpointId } from "../base/ids.ts";
import { forgetEndpoint, listEndpointInterfaces } from "../network/vpc-endpoint.ts";
import type { VpcEndpointRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import type { Reconciler } from "./loop.ts";
import { everyHostAgrees } from "./told-hosts.ts";

/** The VPC's publication and its hosts' reports wake it earlier. */
const lookAgainMs = 5_000;

export const vpcEndpointReconciler: Reconciler = {
  kind: "vpc-endpoint",
  scan: async (tx) => (await tx.db.selectFrom("vpc_endpoints").select("id").execute()).map((row) => row.id),
  reconcile: async (tx, key, now) => {
    const row = await tx.db.selectFrom("vpc_endpoints").selectAll().where("id", "=", key as EndpointId).executeTakeFirst(); // keys are ids
    if (row === undefined || (row.want === "present" && row.available_at !== null)) return { again: undefined };
    if (!(await isDone(tx, row))) return { again: now + lookAgainMs };
    if (row.want === "deleted") await forgetEndpoint(tx, row, now);
    else await tx.db.updateTable("vpc_endpoints").set({ available_at: now }).where("id", "=", row.id).execute();
    return { again: undefined };
  },
};

async function isDone(tx: Tx, { id, vpc_id: vpcId, want }: VpcEndpointRow): Promise<boolean> {
  const own = new Set<string>((await listEndpointInterfaces(tx, [id])).map((nic) => nic.id));
  return everyHostAgrees(tx, vpcId, ({ interfaces }) => interfaces.filter((nic) => own.has(nic.id)).length === (want === "present" ? own.size : 0));
}
