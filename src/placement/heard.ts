/** Which hosts and storage nodes are there: their agents were heard lately enough. */
import { silentAfterMs } from "../host/protocol/exchange.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";

/** Whether the host's agent was heard lately enough to be given work. */
export function isHeard(host: Pick<HostRow, "heard_at">, now: number): boolean {
  return host.heard_at !== null && now - host.heard_at <= silentAfterMs;
}

/** The ids of the region's hosts and storage nodes that are heard. */
export async function listHeardHosts(tx: Tx, region: string, now: number): Promise<ReadonlySet<string>> {
  const rows = await tx.db.selectFrom("hosts").selectAll().where("region", "=", region).execute();
  return new Set(rows.filter((row) => isHeard(row, now)).map((row) => row.id));
}
