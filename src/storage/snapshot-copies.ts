/** Copying snapshots, between regions too: what may be copied, how the copy is encrypted, and its row. The blocks are moved afterwards (facts §4.6, §4.7). */
import { concurrentCopiesExceeded, invalidParameterCombination, notFound } from "../base/api-error.ts";
import type { ImageId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { findRegion } from "../base/regions.ts";
import { wake } from "../store/due.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { encryptionByDefault, ensureDefaultKey, parseKeyName, requireKey } from "./kms-key.ts";
import { createSnapshotRow, requireUsableSnapshot } from "./snapshot.ts";

/** Whose the copy is and where: the caller, in the region that was called. */
interface Owner {
  readonly account: string;
  readonly region: string;
}

export interface CopyEncryption {
  /** Undefined: as the source is, and as the account's settings say. */
  readonly encrypted: boolean | undefined;
  readonly kmsKey: string | undefined;
}

export interface CopyPlan {
  readonly owner: Owner;
  readonly source: SnapshotRow;
  readonly sourceRegion: string;
  readonly encrypted: boolean;
  /** As the request names it; undefined: the account's default key. */
  readonly kmsKey: string | undefined;
}

const copiesAtOnce = 20;

export function requireSourceRegion(name: string): string {
  if (findRegion(name) === undefined) throw notFound("region", name);
  return name;
}

/** The copy of a snapshot that `reader` may use in the region where it is. A copy of what is encrypted is encrypted. */
export async function planCopy(tx: Tx, owner: Owner, reader: Owner, sourceId: string, asked: CopyEncryption): Promise<CopyPlan> {
  const source = await requireUsableSnapshot(tx, reader, sourceId);
  const encrypted = source.encrypted === 1 || asked.encrypted === true || (await encryptionByDefault(tx, owner));
  if (asked.kmsKey !== undefined) {
    if (asked.encrypted !== true && source.encrypted === 0) throw invalidParameterCombination("The parameter KmsKeyId requires the parameter Encrypted to be set.");
    parseKeyName(owner, asked.kmsKey);
  }
  return { owner, source, sourceRegion: reader.region, encrypted, kmsKey: asked.kmsKey };
}

/** Fails when as many more copies into the region would be too many at once. */
export async function requireCopyRoom(tx: Tx, { account, region }: Owner, more: number): Promise<void> {
  const underWay = tx.db.selectFrom("snapshots").select(({ fn }) => fn.countAll().as("count")).where("origin", "=", "copy").where("want", "=", "present");
  const mine = underWay.where("account", "=", account).where("region", "=", region).where("observed_state", "in", ["ordered", "frozen"]);
  const { count } = await mine.executeTakeFirstOrThrow();
  if (Number(count) + more > copiesAtOnce) throw concurrentCopiesExceeded(copiesAtOnce);
}

export interface CopyPurpose {
  readonly description: string;
  /** The image that the copy is made for. */
  readonly imageId?: ImageId;
}

export async function copySnapshot(tx: Tx, plan: CopyPlan, purpose: CopyPurpose, random: Random, now: number): Promise<SnapshotRow> {
  const { owner, source } = plan;
  const key = plan.encrypted ? await chooseKey(tx, plan, random, now) : undefined;
  const columns = {
    ...owner,
    origin: "copy",
    volume_size_gib: source.volume_size_gib,
    description: purpose.description,
    encrypted: plan.encrypted ? 1 : 0,
    kms_key_id: key?.id ?? null,
    source_snapshot_id: source.id,
    source_region: plan.sourceRegion,
    image_id: purpose.imageId ?? null,
  } as const; // keeps the literals
  const row = await createSnapshotRow(tx, columns, random, now);
  await wake(tx, { kind: "snapshot-copy", key: row.id }, now);
  return row;
}

function chooseKey(tx: Tx, { owner, kmsKey }: CopyPlan, random: Random, now: number) {
  return kmsKey === undefined ? ensureDefaultKey(tx, owner, random, now) : requireKey(tx, owner, kmsKey, random, now);
}
