/**
 * Instance Connect Endpoints: sees the hosts say that they have a new or changed one's interface as it is, and that they no longer have a deleted one's, whose
 * address is free then. What hosts are told stands in the VPC's specification.
 */
import type { ConnectEndpointId } from "../base/ids.ts";
import { connectEndpointGroups, forgetConnectEndpoint, isSettled, listConnectInterfaces, settleConnectEndpoint } from "../network/connect-endpoint.ts";
import type { ConnectEndpointRow } from "../store/connect-endpoint-table.ts";
import type { Tx } from "../store/store.ts";
import type { Reconciler } from "./loop.ts";
import { everyHostAgrees } from "./told-hosts.ts";

/** The VPC's publication and its hosts' reports wake it earlier. */
const lookAgainMs = 5_000;

export const connectEndpointReconciler: Reconciler = {
  kind: "connect-endpoint",
  scan: async (tx) => (await tx.db.selectFrom("instance_connect_endpoints").select("id").execute()).map((row) => row.id),
  reconcile: async (tx, key, now) => {
    const row = await tx.db.selectFrom("instance_connect_endpoints").selectAll().where("id", "=", key as ConnectEndpointId).executeTakeFirst(); // keys are ids
    if (row === undefined || isSettled(row)) return { again: undefined };
    if (!(await isDone(tx, row))) return { again: now + lookAgainMs };
    if (row.want === "deleted") await forgetConnectEndpoint(tx, row, now);
    else await settleConnectEndpoint(tx, row);
    return { again: undefined };
  },
};

async function isDone(tx: Tx, row: ConnectEndpointRow): Promise<boolean> {
  const [own] = await listConnectInterfaces(tx, [row.id]);
  const groups = connectEndpointGroups(row).toSorted().join();
  return everyHostAgrees(tx, row.vpc_id, ({ interfaces }) => {
    const told = interfaces.find((nic) => nic.id === own?.id);
    return row.want === "deleted" ? told === undefined : told?.groups.join() === groups;
  });
}
