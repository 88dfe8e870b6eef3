/**
 * Facts from hosts into rows. A report counts only when it comes from the host that holds the thing now and is not older than what is known;
 * all others are set aside. Where the new fact leaves something to do, the thing's reconciler is woken in the same transaction.
 */
import type { MachineReport, Report, VolumeReport } from "../../host/protocol/report.ts";
import { wake } from "../../store/due.ts";
import type { Tx } from "../../store/store.ts";

export async function recordReport(tx: Tx, hostId: string, report: Report, now: number): Promise<void> {
  const work = report.kind === "machine" ? await recordMachine(tx, hostId, report, now) : await recordVolume(tx, hostId, report);
  if (work) await wake(tx, { kind: report.kind === "machine" ? "instance" : "volume", key: report.id }, now);
}

/** Returns whether the reconciler should look: not while a machine goes the way to what is wanted. */
async function recordMachine(tx: Tx, hostId: string, report: MachineReport, now: number): Promise<boolean> {
  const known = await tx.db
    .selectFrom("instances")
    .select(["want", "observed_generation", "observed_run", "observed_state", "observed_cause", "observed_reason"])
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
  return known.want !== "running" || report.state === "stopped" || report.state === "failed" || report.state === "absent";
}

function isSame<Columns extends object>(known: Columns, observed: Partial<Columns>): boolean {
  return Object.entries(observed).every(([name, value]) => known[name as keyof Columns] === value); // both have the same columns
}

/** Returns whether the reconciler should look: a volume that is to stay needs nothing more. */
async function recordVolume(tx: Tx, hostId: string, report: VolumeReport): Promise<boolean> {
  const known = await tx.db
    .selectFrom("volumes")
    .select(["want", "observed_generation", "observed_state", "observed_reason"])
    .where("id", "=", report.id)
    .where("storage_node", "=", hostId)
    .executeTakeFirst();
  if (known === undefined || report.generation < known.observed_generation) return false;
  const observed = { observed_generation: report.generation, observed_state: report.state, observed_reason: report.reason ?? null };
  if (isSame(known, observed)) return false;
  await tx.db.updateTable("volumes").set(observed).where("id", "=", report.id).execute();
  return known.want === "absent";
}
