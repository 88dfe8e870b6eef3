/**
 * Facts from hosts into rows. A report counts only when it comes from the host that holds the thing now and is not older than what is known;
 * all others are set aside. The thing's reconciler is woken in the same transaction.
 */
import type { MachineReport, Report, VolumeReport } from "../../host/protocol/report.ts";
import { wake } from "../../store/due.ts";
import type { Tx } from "../../store/store.ts";

/** Returns whether the report changed anything. */
export async function recordReport(tx: Tx, hostId: string, report: Report, now: number): Promise<boolean> {
  const recorded = report.kind === "machine" ? await recordMachine(tx, hostId, report, now) : await recordVolume(tx, hostId, report);
  if (recorded) await wake(tx, { kind: report.kind === "machine" ? "instance" : "volume", key: report.id }, now);
  return recorded;
}

async function recordMachine(tx: Tx, hostId: string, report: MachineReport, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable("instances")
    .set({
      observed_generation: report.generation,
      observed_run: report.run,
      observed_state: report.state,
      observed_cause: report.cause ?? null,
      observed_reason: report.reason ?? null,
      observed_at: now,
    })
    .where("id", "=", report.id)
    .where("host_id", "=", hostId)
    .where("observed_generation", "<=", report.generation)
    .where("observed_run", "<=", report.run)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function recordVolume(tx: Tx, hostId: string, report: VolumeReport): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable("volumes")
    .set({ observed_generation: report.generation, observed_state: report.state, observed_reason: report.reason ?? null })
    .where("id", "=", report.id)
    .where("storage_node", "=", hostId)
    .where("observed_generation", "<=", report.generation)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
