/**
 * Facts from hosts into rows. A report counts only when it comes from the host that holds the thing now and is not older than what is known;
 * all others are set aside. Where the new fact leaves something to do, the thing's reconciler is woken in the same transaction.
 */
import type { DiskReport, MachineReport, Report, VolumeReport } from "../../host/protocol/report.ts";
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
  if (await record(tx, hostId, report, now)) await wake(tx, { kind: report.kind === "machine" ? "instance" : report.kind, key: report.id }, now);
}

/** Returns whether the thing's reconciler should look. */
function record(tx: Tx, hostId: string, report: Report, now: number): Promise<boolean> {
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
  };
  const givenBack = report.disks !== undefined && (await recordDisks(tx, report.id, report.disks));
  if (isSame(known, observed)) return givenBack;
  await setMachine(tx, { ...observed, observed_at: now, id: report.id });
  const isAwaited = generation > known.observed_generation && (await hasDetaching(tx, report.id));
  return givenBack || isAwaited || known.want !== "running" || known.image_task !== null || known.recovering_since !== null || report.state === "stopped" || report.state === "failed" || report.state === "absent";
}

const selectMachine = prepare((db, { id, hostId }: { id: MachineReport["id"]; hostId: string }) =>
  db
    .selectFrom("instances")
    .select(["want", "image_task", "recovering_since", "observed_generation", "observed_run", "observed_state", "observed_cause", "observed_reason", "observed_reached"])
    .where("id", "=", id)
    .where("host_id", "=", hostId),
);

type ObservedMachine = Pick<InstanceRow, "id" | "observed_generation" | "observed_run" | "observed_state" | "observed_cause" | "observed_reason" | "observed_reached" | "observed_at">;

const setMachine = prepare((db, { id, observed_generation, observed_run, observed_state, observed_cause, observed_reason, observed_reached, observed_at }: ObservedMachine) =>
  db
    .updateTable("instances")
    .set({ observed_generation, observed_run, observed_state, observed_cause, observed_reason, observed_reached, observed_at })
    .where("id", "=", id),
);

function isSame<Columns extends object>(known: Columns, observed: Partial<Columns>): boolean {
  return Object.entries(observed).every(([name, value]) => known[name as keyof Columns] === value); // both have the same columns
}

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
