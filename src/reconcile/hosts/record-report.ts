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
  const known = await tx.db
    .selectFrom("instances")
    .select(["observed_generation", "observed_run", "observed_state", "observed_cause", "observed_reason"])
    .where("id", "=", report.id)
    .where("host_id", "=", hostId)
    .executeTakeFirst();
  if (known === undefined || report.generation < known.observed_generation || report.run < known.observed_run) return false;
  const observed = {
    observed_generation: report.generation,
    observed_run: report.run,
    observed_state: report.state,
    observed_cause: report.cause ?? null,
    observed_reason: report.reason ?? null,
  };
  if (isSame(known, observed)) return false;
  await tx.db.updateTable("instances").set({ ...observed, observed_at: now }).where("id", "=", report.id).execute();
  return true;
}

function isSame<Columns extends object>(known: Columns, observed: Columns): boolean {
  return Object.entries(observed).every(([name, value]) => known[name as keyof Columns] === value); // both have the same columns
}

async function recordVolume(tx: Tx, hostId: string, report: VolumeReport): Promise<boolean> {
  const known = await tx.db
    .selectFrom("volumes")
    .select(["observed_generation", "observed_state", "observed_reason"])
    .where("id", "=", report.id)
    .where("storage_node", "=", hostId)
    .executeTakeFirst();
  if (known === undefined || report.generation < known.observed_generation) return false;
  const observed = { observed_generation: report.generation, observed_state: report.state, observed_reason: report.reason ?? null };
  if (isSame(known, observed)) return false;
  await tx.db.updateTable("volumes").set(observed).where("id", "=", report.id).execute();
  return true;
}
