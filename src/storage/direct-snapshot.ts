/**
 * Snapshots as the EBS direct API sees them (facts §4.8): which an account may read, which it may write, and the rows of those that it writes block
 * by block. A public snapshot cannot be read this way; one that is written is pending until it is completed, or fails when nothing comes for too long.
 */
import { directConcurrentLimitExceeded, directSnapshotNotFound, directUnauthorized, directValidation, isApiError } from "../base/api-error.ts";
import { isId, type SnapshotId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { wake } from "../store/due.ts";
import type { DirectTarget } from "./direct-writers.ts";
import { encryptionByDefault, ensureDefaultKey, findKey, requireKey, snapshotKeyOf } from "./kms-key.ts";
import { createSnapshotRow, findSnapshot, requireVisibleSnapshot, toSnapshotState } from "./snapshot.ts";

interface Owner {
  readonly account: string;
  readonly region: string;
}

const startedAtOnce = 100;

/** A completed snapshot whose blocks the account may read: its own, or one that is shared with it by name. */
export async function requireReadable(tx: Tx, reader: Owner, id: string): Promise<SnapshotRow> {
  const row = await requireVisible(tx, reader, id);
  if (row.account !== reader.account && !(await isSharedWith(tx, row.id, reader.account))) throw directUnauthorized(id);
  if (row.origin === "file") throw directUnauthorized(id);
  const state = toSnapshotState(row);
  if (state !== "completed") throw directValidation("INVALID_SNAPSHOT_ID", `The snapshot '${id}' is in the '${state}' state. Only completed snapshots can be read.`);
  return row;
}

/** A snapshot of the account's that was begun with StartSnapshot and is neither complete nor given up. */
export async function requireWritable(tx: Tx, owner: Owner, id: string, now: number): Promise<SnapshotRow> {
  const row = await requireVisible(tx, owner, id);
  if (row.account !== owner.account) throw directUnauthorized(id);
  if (row.origin !== "direct") throw directValidation("INVALID_SNAPSHOT_ID", `The snapshot '${id}' was not started with StartSnapshot.`);
  const state = toSnapshotState(row);
  if (state === "error" || (state === "pending" && isForgotten(row, now))) {
    throw directValidation("WRITE_REQUEST_TIMEOUT", `The snapshot '${id}' was not written to for longer than its timeout and is in the 'error' state.`);
  }
  if (state === "completed") throw directValidation("INVALID_SNAPSHOT_ID", `The snapshot '${id}' is completed and cannot be written.`);
  return row;
}

export function isForgotten({ untouched_until: until }: SnapshotRow, now: number): boolean {
  return until !== null && until <= now;
}

/** What the writer of the snapshot's blocks must know. */
export async function toTarget(tx: Tx, row: SnapshotRow): Promise<DirectTarget> {
  return { id: row.id, region: row.region, volumeSizeGib: row.volume_size_gib, parentId: row.source_snapshot_id ?? undefined, key: await readSnapshotKey(tx, row) };
}

/** What the blocks are sealed with; undefined when they are not. */
export async function readSnapshotKey(tx: Tx, row: SnapshotRow): Promise<Uint8Array | undefined> {
  return row.kms_key_id === null ? undefined : Buffer.from(snapshotKeyOf(await findKey(tx, row.kms_key_id)), "base64");
}

export interface StartRequest {
  readonly volumeSizeGib: number;
  readonly parentId: string | undefined;
  readonly description: string;
  readonly encrypted: boolean | undefined;
  readonly kmsKey: string | undefined;
  readonly timeoutMs: number;
}

export interface StartPlan extends StartRequest {
  readonly owner: Owner;
  readonly parent: SnapshotRow | undefined;
}

/** Fails when the snapshot cannot be begun so: a parent that is larger, another's or not complete, or too many begun already. */
export async function planStart(tx: Tx, owner: Owner, request: StartRequest): Promise<StartPlan> {
  const parent = request.parentId === undefined ? undefined : await requireParent(tx, owner, request, request.parentId);
  const begun = tx.db.selectFrom("snapshots").select(({ fn }) => fn.countAll().as("count")).where("origin", "=", "direct").where("want", "=", "present");
  const { count } = await begun.where("account", "=", owner.account).where("region", "=", owner.region).where("observed_state", "in", ["ordered", "frozen"]).executeTakeFirstOrThrow();
  if (Number(count) >= startedAtOnce) throw directConcurrentLimitExceeded(startedAtOnce);
  return { ...request, owner, parent };
}

/** The row, encrypted as its parent is; without a parent as was asked, or as the account's settings say. */
export async function startSnapshot(tx: Tx, plan: StartPlan, random: Random, now: number): Promise<SnapshotRow> {
  const { owner, parent } = plan;
  const isEncrypted = parent === undefined && (plan.encrypted === true || (await encryptionByDefault(tx, owner)));
  const key = isEncrypted ? await chooseKey(tx, plan, random, now) : undefined;
  const keyId = parent === undefined ? (key?.id ?? null) : parent.kms_key_id;
  const columns = {
    ...owner,
    origin: "direct",
    volume_size_gib: plan.volumeSizeGib,
    description: plan.description,
    encrypted: keyId === null ? 0 : 1,
    kms_key_id: keyId,
    source_snapshot_id: parent?.id ?? null,
    timeout_ms: plan.timeoutMs,
    untouched_until: now + plan.timeoutMs,
  } as const; // keeps the literals
  const row = await createSnapshotRow(tx, columns, random, now);
  await wake(tx, { kind: "snapshot", key: row.id }, now + plan.timeoutMs);
  return row;
}

/** A block has come: the snapshot is not forgotten, for its timeout and for as long as nobody writes that down again. */
export async function touchDirectSnapshot(tx: Tx, id: SnapshotId, percent: number | undefined, everyMs: number, now: number): Promise<void> {
  await tx.db
    .updateTable("snapshots")
    .set(({ eb, fn }) => ({
      untouched_until: eb(fn.coalesce("timeout_ms", eb.val(0)), "+", now + everyMs),
      ...(percent === undefined ? {} : { observed_percent: percent }),
    }))
    .where("id", "=", id)
    .where("observed_state", "=", "ordered")
    .execute();
}

/** Whether a comparison of the two means anything: both are of one volume, or one was made over the other. */
export async function isRelated(tx: Tx, first: SnapshotRow, second: SnapshotRow): Promise<boolean> {
  return (await lineageOf(tx, first)) === (await lineageOf(tx, second));
}

const longestLineage = 1000;

/** The volume that the snapshot is of, or the first of the snapshots that it was made over. */
async function lineageOf(tx: Tx, row: SnapshotRow): Promise<string> {
  let at = row;
  for (let steps = 0; steps < longestLineage; steps++) {
    if (at.volume_id !== null) return at.volume_id;
    if (at.source_snapshot_id === null) return at.id;
    const source = await findSnapshot(tx, at.source_snapshot_id);
    if (source === undefined) return at.source_snapshot_id;
    at = source;
  }
  return at.id;
}

async function requireParent(tx: Tx, owner: Owner, request: StartRequest, id: string): Promise<SnapshotRow> {
  if (request.encrypted !== undefined || request.kmsKey !== undefined) {
    throw directValidation("INVALID_PARAMETER_VALUE", "Encrypted and KmsKeyArn cannot be specified with ParentSnapshotId.");
  }
  const parent = await requireReadable(tx, owner, id);
  if (parent.account !== owner.account) throw directUnauthorized(id);
  if (parent.volume_size_gib > request.volumeSizeGib) {
    throw directValidation("INVALID_VOLUME_SIZE", `The volume size, ${request.volumeSizeGib} GiB, is less than that of the parent snapshot, ${parent.volume_size_gib} GiB.`);
  }
  if (parent.encrypted === 0 && (await encryptionByDefault(tx, owner))) {
    throw directValidation("INVALID_PARAMETER_VALUE", "Encryption by default is enabled for the account, and the parent snapshot is not encrypted.");
  }
  return parent;
}

async function chooseKey(tx: Tx, { owner, kmsKey }: StartPlan, random: Random, now: number) {
  if (kmsKey === undefined) return ensureDefaultKey(tx, owner, random, now);
  try {
    return await requireKey(tx, owner, kmsKey, random, now);
  } catch (thrown) {
    if (!isApiError(thrown)) throw thrown;
    throw directValidation("INVALID_CUSTOMER_KEY", thrown.message);
  }
}

/** Of the region itself: the snapshots that every region has are files. */
async function requireVisible(tx: Tx, reader: Owner, id: string): Promise<SnapshotRow> {
  if (!isId("snapshot", id)) throw directValidation("INVALID_SNAPSHOT_ID", `The snapshot ID '${id}' is not valid.`);
  try {
    return await requireVisibleSnapshot(tx, reader, id);
  } catch (thrown) {
    if (!isApiError(thrown)) throw thrown;
    throw directSnapshotNotFound(id);
  }
}

async function isSharedWith(tx: Tx, id: SnapshotId, account: string): Promise<boolean> {
  return (await tx.db.selectFrom("snapshot_permissions").select("grantee").where("snapshot_id", "=", id).where("grantee", "=", account).executeTakeFirst()) !== undefined;
}
