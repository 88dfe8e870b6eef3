/** What a storage node says of the snapshots of one of its volumes, into rows. The caller has checked that the volume is the node's. */
import type { VolumeReport } from "../../host/protocol/report.ts";
import { findSnapshot, recordSnapshotProgress } from "../../storage/snapshot.ts";
import { wake } from "../../store/due.ts";
import type { Tx } from "../../store/store.ts";

/** A snapshot of another volume, or one whose row is gone, is set aside; one that ended leaves its volume's specification. */
export async function recordSnapshots(tx: Tx, report: VolumeReport, now: number): Promise<void> {
  for (const snapshot of report.snapshots ?? []) {
    const row = await findSnapshot(tx, snapshot.id);
    if (row === undefined || row.origin !== "volume" || row.volume_id !== report.id) continue;
    if (await recordSnapshotProgress(tx, row, snapshot, now)) await wake(tx, { kind: "volume", key: report.id }, now);
  }
}
