/**
 * Facts from hosts into rows. A report counts only when it comes from the host that holds the thing now and is not older than what is known;
 * all others are set aside. Where the new fact leaves something to do, the thing's reconciler is woken in the same transaction.
 */
import type { DiskReport, MachineReport, Report, StateReport, VolumeReport } from "../../host/protocol/report.ts";
import type { CreditReport } from "../../host/protocol/processor.ts";
import { hasDetaching } from "../../network/network-interface.ts";
import { exportNameOf, listAttachments } from "../../storage/volume-attachment.ts";
import type { InstanceRow } from "../../store/compute-tables.ts";
import { wake } from "../../store/due.ts";
import { prepare } from "../../store/prepared.ts";
import type { VolumeRow } from "../../store/storage-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { Flag } from "../../store/tables.ts";
import { recordSnapshots } from "./record-snapshots.ts";
import { recordVpc } from "./record-vpc.ts";

export async function recordReport(tx: Tx, hostId: string, report: Report, now: number): Promise<void> {
  if (report.kind === "credits") return recordCredits(tx, hostId, report);
  if (await record(tx, hostId, report, now)) await wake(tx, { kind: report.kind === "machine" ? "instance" : report.kind, key: report.id }, now);
}

/** Returns whether the thing's reconciler should look. */
function record(tx: Tx, hostId: string, report: StateReport, now: number): Promise<boolean> {
  switch (report.kind) {
    case "machine":
      return recordMachine(tx, hostId, report, now);
    case "volume":
      return recordVolume(tx, hostId, report, now);
    case "vpc":
      return recordVpc(tx, hostId, report, now);
  }
}

/** Returns whether the reconciler should look: not while a machine goes the way to what is wanted, unless an image or an interface that is given back waits for it. */
async function recordMachine(tx: Tx, hostId: string, report: MachineReport, now: number): Promise<boolean> {
  const [known] = await selectMachine(tx, { id: report.id, hostId });
  const generation = report.accepted ?? report.generation;
  if (known === undefined || generation < known.observed_generation || report.run < known.observed_run) return false;
  const reached: Flag = report.reached === true ? 1 : 0;
  const observed = {
    observed_generation: generation,
    observed_run: report.run,
    observed_state: report.state,
    observed_cause: report.cause ?? null,
    observed_reason: report.reason ?? null,
    observed_reached: reached,
    observed_silent_since: silentSince(known, report, now),
  };
  const givenBack = report.disks !== undefined && (await recordDisks(tx, report.id, report.disks));
  if (isSame(known, observed)) return givenBack;
  await setMachine(tx, { ...observed, observed_at: now, id: report.id });
  tx.touch("machines");
  const isAwaited = generation > known.observed_generation && (await hasDetaching(tx, report.id));
  return givenBack || isAwaited || known.want !== "running" || known.image_task !== null || known.recovering_since !== null || report.state === "stopped" || report.state === "failed" || report.state === "absent";
}

/** Of the run that the report is about. A host that has not asked since its agent's start says nothing new. */
function silentSince({ observed_run: run, observed_silent_since: since }: Pick<InstanceRow, "observed_run" | "observed_silent_since">, report: MachineReport, now: number): number | null {
  const known = report.run === run ? since : null;
  if (report.reached !== true || report.answers === true) return null;
  return report.answers === false ? (known ?? now) : known;
}

const selectMachine = prepare((db, { id, hostId }: { id: MachineReport["id"]; hostId: string }) =>
  db
    .selectFrom("instances")
    .select(["want", "image_task", "recovering_since", "observed_generation", "observed_run", "observed_state", "observed_cause", "observed_reason", "observed_reached", "observed_silent_since"])
    .where("id", "=", id)
    .where("host_id", "=", hostId),
);

type ObservedMachine = Pick<InstanceRow, "id" | "observed_generation" | "observed_run" | "observed_state" | "observed_cause" | "observed_reason" | "observed_reached" | "observed_silent_since" | "observed_at">;

const setMachine = prepare((db, { id, observed_generation, observed_run, observed_state, observed_cause, observed_reason, observed_reached, observed_silent_since, observed_at }: ObservedMachine) =>
  db
    .updateTable("instances")
    .set({ observed_generation, observed_run, observed_state, observed_cause, observed_reason, observed_reached, observed_silent_since, observed_at })
    .where("id", "=", id),
);

function isSame<Columns extends object>(known: Columns, observed: Partial<Columns>): boolean {
  return Object.entries(observed).every(([name, value]) => known[name as keyof Columns] === value); // both have the same columns
}

/** Nothing is to be done about them; the next run begins with them. */
async function recordCredits(tx: Tx, hostId: string, { id, run, credits }: CreditReport): Promise<void> {
  await setCredits(tx, { id, hostId, run, credits: JSON.stringify(credits) });
}

const setCredits = prepare((db, { id, hostId, run, credits }: { id: MachineReport["id"]; hostId: string; run: number; credits: string }) =>
  db.updateTable("instances").set({ observed_credits: credits }).where("id", "=", id).where("host_id", "=", hostId).where("run", "=", run),
);

/** Returns whether the guest has given back a volume that it was asked for. What the report does not name, the guest does not have. */
async function recordDisks(tx: Tx, instance: MachineReport["id"], disks: readonly DiskReport[]): Promise<boolean> {
  let givenBack = false;
  for (const attachment of await listAttachments(tx, { instance })) {
    const exportName = exportNameOf(attachment);
    const state = disks.find((disk) => disk.exportName === exportName)?.state ?? null;
    givenBack ||= attachment.want === "detached" && state === null;
    if (state === attachment.observed_state) continue;
    await setAttachment(tx, { volume: attachment.volume_id, instance, state });
  }
  return givenBack;
}

const setAttachment = prepare((db, { volume, instance, state }: { volume: VolumeReport["id"]; instance: MachineReport["id"]; state: DiskReport["state"] | null }) =>
  db.updateTable("volume_attachments").set({ observed_state: state }).where("volume_id", "=", volume).where("instance_id", "=", instance),
);

/** Returns whether the reconciler should look: a volume that is to stay needs nothing more, unless it is being changed or taken away from a guest. */
async function recordVolume(tx: Tx, hostId: string, report: VolumeReport, now: number): Promise<boolean> {
  const [known] = await selectVolume(tx, { id: report.id, hostId });
  if (known === undefined || report.generation < known.observed_generation) return false;
  if ((report.snapshots ?? []).length > 0) await recordSnapshots(tx, report, now);
  const observed = {
    observed_generation: report.generation,
    observed_state: report.state,
    observed_reason: report.reason ?? null,
    observed_condition: report.condition === undefined ? null : JSON.stringify(report.condition),
  };
  if (isSame(known, observed)) return false;
  await setVolume(tx, { ...observed, id: report.id });
  return known.want === "absent" || (await isUnderWay(tx, report.id));
}

const selectVolume = prepare((db, { id, hostId }: { id: VolumeReport["id"]; hostId: string }) =>
  db
    .selectFrom("volumes")
    .select(["want", "observed_generation", "observed_state", "observed_reason", "observed_condition"])
    .where("id", "=", id)
    .where("storage_node", "=", hostId),
);

type ObservedVolume = Pick<VolumeRow, "id" | "observed_generation" | "observed_state" | "observed_reason" | "observed_condition">;

const setVolume = prepare((db, { id, observed_generation, observed_state, observed_reason, observed_condition }: ObservedVolume) =>
  db.updateTable("volumes").set({ observed_generation, observed_state, observed_reason, observed_condition }).where("id", "=", id),
);

async function isUnderWay(tx: Tx, volume: VolumeReport["id"]): Promise<boolean> {
  return (await selectChanges(tx, { volume })).length > 0 || (await selectForced(tx, { volume })).length > 0;
}

const selectChanges = prepare((db, { volume }: { volume: VolumeReport["id"] }) =>
  db.selectFrom("volume_modifications").select("id").where("volume_id", "=", volume).where("ended_at", "is", null),
);
const selectForced = prepare((db, { volume }: { volume: VolumeReport["id"] }) =>
  db.selectFrom("volume_attachments").select("volume_id").where("volume_id", "=", volume).where("force", "=", 1),
);
