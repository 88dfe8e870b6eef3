/** A snapshot is of the moment of the call: the answer waits until its storage node has fixed that moment, or has failed to. */
import type { SnapshotId } from "../../base/ids.ts";
import type { Settling } from "../action.ts";
import { awaitRows } from "../await-rows.ts";

export async function awaitMoment(settling: Settling, ids: readonly (string | undefined)[]): Promise<void> {
  const known = ids.filter((id) => id !== undefined) as SnapshotId[]; // ids from the action's own answer
  await awaitRows(settling, known.map((id) => `snapshot:${id}`), async (tx) => {
    const ordered = tx.db.selectFrom("snapshots").select("id").where("id", "in", known).where("want", "=", "present").where("observed_state", "=", "ordered");
    return known.length === 0 || (await ordered.executeTakeFirst()) === undefined;
  });
}
