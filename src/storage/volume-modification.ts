/**
 * Changes of a volume's size, type, figures and multi-attach (facts §4.5). The volume's row has the target from the call on; the modification's row says how
 * far its storage node has come.
 *
 *   modifying    the node has not yet made it true
 *   optimizing   it has, and the volume still fetches the blocks that it began as
 *   completed    it is as asked
 *   failed       the node cannot: the volume's row has the original again
 */
import {
  bootForVolumeTypeUnsupported,
  incorrectModificationState,
  invalidParameterCombination,
  invalidParameterValue,
  missingParameter,
  modificationRateExceeded,
  notOfVolumeType,
  volumeNotInState,
} from "../base/api-error.ts";
import type { VolumeId } from "../base/ids.ts";
import { randomUuid, type Random } from "../base/random.ts";
import { wake } from "../store/due.ts";
import type { VolumeAttachmentRow, VolumeModificationRow, VolumeRow } from "../store/storage-tables.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { KeyOwner } from "./kms-key.ts";
import { requireModificationRoom } from "./volume-quota.ts";
import { addToSum, countedColumns, takeFromSum } from "./volume-sums.ts";
import { conditionOf, toVolumeState } from "./volume.ts";
import { canBoot, canMultiAttach, gp2Iops, gp2Throughput, parseVolumeType, planFigures, provisionsIops, provisionsThroughput, type AskedFigures, type VolumeFigures, type VolumeType } from "./volume-type.ts";

export type ModificationState = "modifying" | "optimizing" | "completed" | "failed";

/** What a request names; the rest stays. */
export interface AskedModification {
  readonly sizeGib: number | undefined;
  readonly type: string | undefined;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly multiAttach: boolean | undefined;
}

export type Modification = VolumeFigures & { readonly multiAttach: boolean };

/** So many changes of one volume may begin in any 24 hours. */
const rateLimit = 4;
const dayMs = 24 * 60 * 60 * 1000;

/** The change that the request means, checked. Fails with EC2's error where the volume, its attachments or its earlier changes do not allow it. */
export async function planModification(tx: Tx, volume: VolumeRow, attachments: readonly VolumeAttachmentRow[], asked: AskedModification, now: number): Promise<Modification> {
  if (Object.values(asked).every((value) => value === undefined)) throw missingParameter("size, volumeType, iops, throughput or multiAttachEnabled");
  const state = toVolumeState(volume, attachments.length > 0);
  if (state !== "available" && state !== "in-use") throw volumeNotInState(volume.id, "available' or 'in-use");
  if (asked.sizeGib !== undefined && asked.sizeGib < volume.size_gib) throw invalidParameterValue("New size cannot be smaller than existing size");
  const figures = planFigures(withDefaults(volume, asked));
  const isRoot = attachments.some((attachment) => attachment.root === 1);
  if (isRoot && !canBoot(figures.type)) throw bootForVolumeTypeUnsupported(figures.type);
  const multiAttach = planMultiAttach(volume, figures.type, attachments.length, asked.multiAttach);
  await requireTurn(tx, volume, now);
  await requireModificationRoom(tx, volume, figures);
  return { ...figures, multiAttach };
}

/** What is not said stays as long as the type stays; another type has its own defaults, and gp3 is never slower than the gp2 before it. */
function withDefaults(volume: VolumeRow, asked: AskedModification): AskedFigures {
  const from = parseVolumeType(volume.type);
  const type = asked.type === undefined ? from : parseVolumeType(asked.type);
  const sizeGib = asked.sizeGib ?? volume.size_gib;
  const isFaster = from === "gp2" && type === "gp3";
  const iops = type === from ? volume.iops : isFaster ? Math.max(3_000, gp2Iops(volume.size_gib)) : 3_000;
  const throughput = type === from ? volume.throughput : isFaster ? Math.max(125, gp2Throughput(volume.size_gib)) : 125;
  return {
    type,
    sizeGib,
    iops: asked.iops ?? (provisionsIops(type) ? (iops ?? undefined) : undefined),
    throughput: asked.throughput ?? (provisionsThroughput(type) ? (throughput ?? undefined) : undefined),
  };
}

/** io1 has it from the beginning or never; io2 gets it while nobody holds the volume and loses it while at most one does (facts §4.4). */
function planMultiAttach(volume: VolumeRow, type: VolumeType, holders: number, asked: boolean | undefined): boolean {
  const present = volume.multi_attach === 1;
  const wanted = asked ?? present;
  if (wanted && !canMultiAttach(type)) throw notOfVolumeType("multiAttachEnabled", type);
  if (wanted === present) return present;
  if (type !== "io2" || volume.type !== "io2") throw invalidParameterCombination("Multi-Attach can be changed for io2 volumes only.");
  if (wanted && holders > 0) throw invalidParameterCombination("Multi-Attach can be enabled only while the volume is not attached.");
  if (!wanted && holders > 1) throw invalidParameterCombination("Multi-Attach can be disabled only while the volume is attached to at most one instance.");
  return wanted;
}

async function requireTurn(tx: Tx, volume: VolumeRow, now: number): Promise<void> {
  const rows = await tx.db.selectFrom("volume_modifications").selectAll().where("volume_id", "=", volume.id).where("started_at", ">", now - dayMs).execute();
  const latest = await findLatestModification(tx, volume.id);
  const state = latest && toModificationState(latest);
  if (state === "modifying" || state === "optimizing") throw incorrectModificationState(volume.id, state);
  if (rows.length >= rateLimit) throw modificationRateExceeded(rateLimit);
}

/** The volume is wanted like this from now on. */
export async function startModification(tx: Tx, volume: VolumeRow, target: Modification, random: Random, now: number): Promise<VolumeModificationRow> {
  const row: VolumeModificationRow = {
    volume_id: volume.id,
    started_at: now,
    id: randomUuid(random),
    target_size_gib: target.sizeGib,
    target_type: target.type,
    target_iops: target.iops,
    target_throughput: target.throughput,
    target_multi_attach: target.multiAttach ? 1 : 0,
    original_size_gib: volume.size_gib,
    original_type: volume.type,
    original_iops: volume.iops,
    original_throughput: volume.throughput,
    original_multi_attach: volume.multi_attach,
    reached_at: null,
    ended_at: null,
    failure: null,
  };
  await tx.db.insertInto("volume_modifications").values(row).execute();
  await setFigures(tx, volume.id, row, "target");
  await wake(tx, { kind: "volume", key: volume.id }, now);
  return row;
}

async function setFigures(tx: Tx, volume: VolumeId, row: VolumeModificationRow, which: "target" | "original"): Promise<void> {
  const figures = {
    size_gib: row[`${which}_size_gib`],
    type: row[`${which}_type`],
    iops: row[`${which}_iops`],
    throughput: row[`${which}_throughput`],
    multi_attach: row[`${which}_multi_attach`],
  };
  const wanted = tx.db.selectFrom("volumes").select(countedColumns).where("id", "=", volume).where("want", "=", "present");
  for (const before of await wanted.execute()) await takeFromSum(tx, before);
  await tx.db.updateTable("volumes").set(figures).where("id", "=", volume).execute();
  for (const after of await wanted.execute()) await addToSum(tx, after);
}

export async function findLatestModification(tx: Tx, volume: VolumeId): Promise<VolumeModificationRow | undefined> {
  const [row] = await selectLatest(tx, { volume });
  return row;
}

const selectLatest = prepare((db, { volume }: { volume: VolumeId }) =>
  db.selectFrom("volume_modifications").selectAll().where("volume_id", "=", volume).orderBy("started_at", "desc").limit(1),
);

/** The newest modification of each of the owner's volumes that was ever changed, by the volume's id. */
export async function listLatestModifications(tx: Tx, { account, region }: KeyOwner): Promise<ReadonlyMap<string, VolumeModificationRow>> {
  const rows = await tx.db
    .selectFrom("volume_modifications")
    .innerJoin("volumes", "volumes.id", "volume_modifications.volume_id")
    .selectAll("volume_modifications")
    .where("volumes.account", "=", account)
    .where("volumes.region", "=", region)
    .orderBy("started_at")
    .execute();
  return new Map(rows.map((row) => [row.volume_id, row]));
}

/** The modification with what its volume's newest report says of it, or undefined when it says nothing new. `published` is the generation that asks for it. */
export function decideModification(row: VolumeModificationRow, volume: VolumeRow, published: number, now: number): VolumeModificationRow | undefined {
  if (row.ended_at !== null || volume.observed_generation < published) return undefined;
  if (volume.observed_state === "failed") return { ...row, ended_at: now, failure: volume.observed_reason ?? "The volume could not be modified" };
  const condition = conditionOf(volume);
  if (volume.observed_state !== "available" || (condition !== undefined && condition.sizeGib < row.target_size_gib)) return undefined;
  const isWhole = condition?.initializedPercent === undefined;
  if (row.reached_at !== null && !isWhole) return undefined;
  return { ...row, reached_at: row.reached_at ?? now, ended_at: isWhole ? now : null };
}

/** Writes what `decideModification` said; after a failure the volume is wanted as it was. */
export async function recordModification(tx: Tx, row: VolumeModificationRow): Promise<void> {
  const { reached_at, ended_at, failure } = row;
  const same = tx.db.updateTable("volume_modifications").where("volume_id", "=", row.volume_id).where("started_at", "=", row.started_at).where("id", "=", row.id);
  await same.set({ reached_at, ended_at, failure }).execute();
  if (failure !== null) await setFigures(tx, row.volume_id, row, "original");
}

export function toModificationState(row: Pick<VolumeModificationRow, "reached_at" | "ended_at" | "failure">): ModificationState {
  if (row.failure !== null) return "failed";
  if (row.ended_at !== null) return "completed";
  return row.reached_at === null ? "modifying" : "optimizing";
}
