/**
 * Snapshots as rows: who may use one, what its volume's storage node is asked to take and store, and how it goes on.
 *
 *   observed     EC2's state
 *   ordered      pending; nothing is heard of it
 *   frozen       pending; its moment is fixed
 *   completed    completed
 *   failed       error
 *
 * A snapshot that is not wanted any more is gone for every caller at once; its row stays until nothing is left of it (snapshot reconciler).
 */
import { malformedId, notAuthorizedFor, notFound, snapshotNotCompleted } from "../base/api-error.ts";
import { isId, newId, type SnapshotId, type VolumeId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { everyRegion } from "../base/regions.ts";
import type { SnapshotOrder } from "../host/protocol/specification.ts";
import { wake } from "../store/due.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { findKey, snapshotKeyOf } from "./kms-key.ts";

export type SnapshotState = "pending" | "completed" | "error";

interface Reader {
  readonly account: string;
  readonly region: string;
}

/** The grantee of a snapshot that everybody may use. */
export const everybody = "all";

type RequiredColumn = "account" | "region" | "origin" | "volume_size_gib";

type SnapshotColumns = Pick<SnapshotRow, RequiredColumn> & Partial<Omit<SnapshotRow, "created_at" | "want">>;

/** A snapshot with these columns, of which nothing else is known. */
export function newSnapshotRow(columns: SnapshotColumns, id: SnapshotId, now: number): SnapshotRow {
  return {
    id,
    volume_id: null,
    description: "",
    encrypted: 0,
    kms_key_id: null,
    created_at: now,
    source_file: null,
    storage_node: null,
    source_snapshot_id: null,
    source_region: null,
    together: null,
    image_id: null,
    want: "present",
    observed_state: "ordered",
    observed_percent: 0,
    observed_reason: null,
    total_blocks: null,
    moved_blocks: null,
    completed_at: null,
    untouched_until: null,
    timeout_ms: null,
    ...columns,
  };
}

/** Writes a snapshot that nothing is heard of yet; one of a volume is asked of the volume's storage node. */
export async function createSnapshotRow(tx: Tx, columns: SnapshotColumns, random: Random, now: number): Promise<SnapshotRow> {
  const row = newSnapshotRow(columns, newId("snapshot", random), now);
  await tx.db.insertInto("snapshots").values(row).execute();
  if (row.origin === "volume" && row.volume_id !== null) await wake(tx, { kind: "volume", key: row.volume_id }, now);
  return row;
}

export function toSnapshotState(row: Pick<SnapshotRow, "observed_state">): SnapshotState {
  switch (row.observed_state) {
    case "ordered":
    case "frozen":
      return "pending";
    case "completed":
      return "completed";
    case "failed":
      return "error";
  }
}

/**
 * The snapshot, which the account may use and which is complete. Fails as EC2 does when it is malformed, unknown, another's, or not completed.
 * The snapshots of an image are its owner's to use, whoever launches it.
 */
export async function requireUsableSnapshot(tx: Tx, reader: Reader, id: string): Promise<SnapshotRow> {
  const row = await requireVisibleSnapshot(tx, reader, id);
  const state = toSnapshotState(row);
  if (state !== "completed") throw snapshotNotCompleted(state);
  return row;
}

/** The snapshot, which the account may see in the region: its own, one shared with it, or a public one. */
export async function requireVisibleSnapshot(tx: Tx, reader: Reader, id: string): Promise<SnapshotRow> {
  if (!isId("snapshot", id)) throw malformedId("snapshot", id);
  const row = await presentSnapshots(tx, reader.region).where("id", "=", id).executeTakeFirst();
  if (row === undefined || !(await isVisible(tx, row, reader.account))) throw notFound("snapshot", id);
  return row;
}

/** The account's own snapshot. Fails for every other, in another way for one that it may use. */
export async function requireOwnSnapshot(tx: Tx, owner: Reader, id: string): Promise<SnapshotRow> {
  const row = await requireVisibleSnapshot(tx, owner, id);
  if (row.account !== owner.account) throw notAuthorizedFor("snapshot", id);
  return row;
}

/** All that the account may see in the region: its own, those shared with it, and public ones; of them those of these ids and owners, where any are given. */
export async function listVisibleSnapshots(tx: Tx, { account, region }: Reader, ids: readonly string[], owners: readonly string[]): Promise<SnapshotRow[]> {
  const granted = tx.db.selectFrom("snapshot_permissions").select("snapshot_id").where("grantee", "in", [account, everybody]);
  return presentSnapshots(tx, region)
    .where(({ eb, or }) => or([eb("account", "=", account), eb("id", "in", granted)]))
    .$if(ids.length > 0, (query) => query.where("id", "in", ids as SnapshotId[])) // only compared
    .$if(owners.length > 0, (query) => query.where("account", "in", owners))
    .execute();
}

function presentSnapshots(tx: Tx, region: string) {
  return tx.db.selectFrom("snapshots").selectAll().where("region", "in", [region, everyRegion]).where("want", "=", "present");
}

async function isVisible(tx: Tx, row: SnapshotRow, account: string): Promise<boolean> {
  if (row.account === account) return true;
  const grants = tx.db.selectFrom("snapshot_permissions").select("grantee").where("snapshot_id", "=", row.id);
  return (await grants.where("grantee", "in", [account, everybody]).executeTakeFirst()) !== undefined;
}

/**
 * What the volume's storage node is to take and store, in the order in which it was asked for; finished ones and those nobody wants are left out, and those that
 * have to wait until a guest is down for its image.
 */
export async function listSnapshotOrders(tx: Tx, volumeId: VolumeId): Promise<SnapshotOrder[]> {
  const orders: SnapshotOrder[] = [];
  for (const row of await selectOrdered(tx, { volumeId })) orders.push({ id: row.id, region: row.region, ...(await keyField(tx, row)), ...togetherField(row) });
  return orders;
}

const selectOrdered = prepare((db, { volumeId }: { volumeId: VolumeId }) => {
  const guestsGoingDown = db.selectFrom("image_tasks").select("image_id").where("phase", "=", "stopping");
  return db
    .selectFrom("snapshots")
    .selectAll()
    .where("volume_id", "=", volumeId)
    .where("origin", "=", "volume")
    .where("want", "=", "present")
    .where("observed_state", "in", ["ordered", "frozen"])
    .where(({ eb, or }) => or([eb("image_id", "is", null), eb("image_id", "not in", guestsGoingDown)]))
    .orderBy("created_at")
    .orderBy("id");
});

async function keyField(tx: Tx, { kms_key_id: keyId }: SnapshotRow): Promise<Pick<SnapshotOrder, "encryptionKey">> {
  if (keyId === null) return {};
  return { encryptionKey: snapshotKeyOf(await findKey(tx, keyId)) };
}

function togetherField({ together }: SnapshotRow): Pick<SnapshotOrder, "together"> {
  return together === null ? {} : { together: JSON.parse(together) as VolumeId[] }; // written by createSnapshots
}

/** What became of a snapshot, from whoever moves its blocks. */
export interface SnapshotProgress {
  readonly state: "frozen" | "completed" | "failed";
  readonly percent: number;
  readonly reason?: string | undefined;
  readonly blocks?: { readonly total: number; readonly moved: number } | undefined;
}

const stages: readonly SnapshotRow["observed_state"][] = ["ordered", "frozen", "completed", "failed"];

/**
 * Writes how far a snapshot has come; what is older than what is known changes nothing. Whoever waits for `snapshot:ID` hears of it, and the image that it is
 * made for is looked at when it has ended. Returns whether it ended with this.
 */
export async function recordSnapshotProgress(tx: Tx, row: SnapshotRow, progress: SnapshotProgress, now: number): Promise<boolean> {
  const hasEnded = row.observed_state === "completed" || row.observed_state === "failed";
  const isOlder = stages.indexOf(progress.state) < stages.indexOf(row.observed_state) || (progress.state === row.observed_state && progress.percent <= row.observed_percent);
  if (hasEnded || isOlder) return false;
  const ends = progress.state !== "frozen";
  await tx.db
    .updateTable("snapshots")
    .set({
      observed_state: progress.state,
      observed_percent: progress.state === "completed" ? 100 : progress.percent,
      observed_reason: progress.reason ?? null,
      ...(progress.blocks === undefined ? {} : { total_blocks: progress.blocks.total, moved_blocks: progress.blocks.moved }),
      ...(ends ? { completed_at: now } : {}),
    })
    .where("id", "=", row.id)
    .execute();
  tx.touch(`snapshot:${row.id}`);
  if (progress.state === "failed") await failSiblings(tx, row, now);
  if (row.image_id !== null) await wake(tx, { kind: "image-task", key: row.image_id }, now);
  return ends;
}

/** Of snapshots taken together all are good or none (facts §4.7). */
async function failSiblings(tx: Tx, { account, together, created_at: createdAt }: SnapshotRow, now: number): Promise<void> {
  if (together === null) return;
  const siblings = tx.db.updateTable("snapshots").where("account", "=", account).where("together", "=", together).where("created_at", "=", createdAt);
  const failed = await siblings
    .where("observed_state", "!=", "failed")
    .set({ observed_state: "failed", observed_reason: "Another snapshot of the same set failed" })
    .returning(["id", "volume_id"])
    .execute();
  for (const { id, volume_id: volume } of failed) {
    tx.touch(`snapshot:${id}`);
    if (volume !== null) await wake(tx, { kind: "volume", key: volume }, now);
  }
}

/** The snapshot of that id, if its row is there, whoever asks. */
export function findSnapshot(tx: Tx, id: SnapshotId): Promise<SnapshotRow | undefined> {
  return tx.db.selectFrom("snapshots").selectAll().where("id", "=", id).executeTakeFirst();
}
