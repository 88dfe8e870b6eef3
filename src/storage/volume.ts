/** EBS volumes as rows: made in a zone, removed when nobody wants them any more. */
import { insufficientVolumeCapacity } from "../base/api-error.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { VolumeCondition } from "../host/protocol/report.ts";
import { wake } from "../store/due.ts";
import { insertRow } from "../store/prepared.ts";
import type { VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { ensureDefaultKey, requireKey } from "./kms-key.ts";
import { freePort } from "./storage-node.ts";
import { addToSum, countedColumns, takeFromSum } from "./volume-sums.ts";

export interface VolumePlan {
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly sizeGib: number;
  readonly type: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly encrypted: boolean;
  /** The key of an encrypted volume as a request names it; undefined: the account's default key. */
  readonly kmsKey: string | undefined;
  readonly multiAttach: boolean;
  readonly snapshotId: string | null;
  readonly sourceFile: string | null;
  /** MiB a second at which it fetches its snapshot; null: nobody asked for any. */
  readonly initializationRate: number | null;
  readonly storageNode: string;
}

export type VolumeState = "creating" | "available" | "in-use" | "deleting" | "error";

/** Fails when the storage node has no room for one more. */
export async function createVolume(tx: Tx, plan: VolumePlan, random: Random, now: number): Promise<VolumeRow> {
  const port = await freePort(tx, plan.storageNode);
  if (port === undefined) throw insufficientVolumeCapacity(plan.zone);
  const key = plan.encrypted ? await chooseKey(tx, plan, random, now) : undefined;
  const row: VolumeRow = {
    id: newId("volume", random),
    account: plan.account,
    region: plan.region,
    zone: plan.zone,
    size_gib: plan.sizeGib,
    type: plan.type,
    iops: plan.iops,
    throughput: plan.throughput,
    encrypted: plan.encrypted ? 1 : 0,
    snapshot_id: plan.snapshotId,
    source_file: plan.sourceFile,
    initialization_rate: plan.initializationRate,
    storage_node: plan.storageNode,
    port,
    created_at: now,
    want: "present",
    generation: 0,
    observed_generation: 0,
    observed_state: null,
    observed_reason: null,
    kms_key_id: key?.id ?? null,
    multi_attach: plan.multiAttach ? 1 : 0,
    auto_enable_io: 0,
    observed_condition: null,
  };
  await insertRow(tx, "volumes", row);
  await addToSum(tx, row);
  await wake(tx, { kind: "volume", key: row.id }, now);
  return row;
}

function chooseKey(tx: Tx, plan: VolumePlan, random: Random, now: number) {
  return plan.kmsKey === undefined ? ensureDefaultKey(tx, plan, random, now) : requireKey(tx, plan, plan.kmsKey, random, now);
}

/** What EC2 would call the volume's state (facts §4.2). */
export function toVolumeState(volume: VolumeRow, attached: boolean): VolumeState {
  if (volume.want === "absent") return "deleting";
  if (volume.observed_state === "failed") return "error";
  if (attached) return "in-use";
  return volume.observed_state === "available" ? "available" : "creating";
}

/** Marks the volume for removal; its row goes when its storage node has confirmed that nothing is left. */
export async function deleteVolume(tx: Tx, volume: VolumeRow, now: number): Promise<void> {
  const wanted = await tx.db.updateTable("volumes").set({ want: "absent" }).where("id", "=", volume.id).where("want", "=", "present").returning(countedColumns).execute();
  for (const each of wanted) await takeFromSum(tx, each);
  await wake(tx, { kind: "volume", key: volume.id }, now);
}

export async function setAutoEnableIo(tx: Tx, volume: VolumeRow, enable: boolean): Promise<void> {
  await tx.db.updateTable("volumes").set({ auto_enable_io: enable ? 1 : 0 }).where("id", "=", volume.id).execute();
}

/** What the storage node last said of the volume beyond its state. */
export function conditionOf(volume: Pick<VolumeRow, "observed_condition">): VolumeCondition | undefined {
  return volume.observed_condition === null ? undefined : (JSON.parse(volume.observed_condition) as VolumeCondition); // written from a parsed report
}

/** The size that guests can use: that of a volume that grows is there once its storage node says so. */
export function reachedSizeGib(volume: Pick<VolumeRow, "size_gib" | "observed_condition">): number {
  return conditionOf(volume)?.sizeGib ?? volume.size_gib;
}
