/** Importing a disk image as a snapshot: the task's row. The image is read and its blocks are stored afterwards. */
import { invalidValueOf, missingParameter, unsupportedRequest } from "../base/api-error.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { wake } from "../store/due.ts";
import type { ImportTaskRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { encryptionByDefault, ensureDefaultKey, parseKeyName, requireKey } from "./kms-key.ts";

interface Owner {
  readonly account: string;
  readonly region: string;
}

/** As ImportSnapshot has it. */
export interface DiskContainer {
  readonly Format?: string | undefined;
  readonly Url?: string | undefined;
  readonly UserBucket?: { readonly S3Bucket?: string | undefined; readonly S3Key?: string | undefined } | undefined;
}

export interface ImportPlan {
  readonly owner: Owner;
  readonly description: string;
  /** `file:///PATH` or `s3://BUCKET/KEY`. */
  readonly source: string;
  readonly format: string;
  readonly encrypted: boolean;
  /** As the request names it; undefined: the account's default key. */
  readonly kmsKey: string | undefined;
}

const formats = ["RAW", "VHD", "VHDX", "VMDK"];

export async function planImport(
  tx: Tx,
  owner: Owner,
  container: DiskContainer | undefined,
  asked: { readonly description: string; readonly encrypted: boolean | undefined; readonly kmsKey: string | undefined },
): Promise<ImportPlan> {
  if (container === undefined) throw missingParameter("diskContainer");
  const format = (container.Format ?? "").toUpperCase();
  if (!formats.includes(format)) throw invalidValueOf("format", container.Format ?? "", `Valid values are ${formats.join(", ")}.`);
  if (asked.kmsKey !== undefined) {
    if (asked.encrypted !== true) throw missingParameter("encrypted");
    parseKeyName(owner, asked.kmsKey);
  }
  const encrypted = asked.encrypted === true || (await encryptionByDefault(tx, owner));
  return { owner, description: asked.description, source: parseSource(container), format, encrypted, kmsKey: asked.kmsKey };
}

function parseSource({ Url: url, UserBucket: bucket }: DiskContainer): string {
  if (url !== undefined && bucket !== undefined) throw invalidValueOf("url", url, "Specify either a URL or a bucket.");
  if (bucket !== undefined) {
    if (bucket.S3Bucket === undefined || bucket.S3Key === undefined) throw missingParameter("userBucket.s3Key");
    return `s3://${bucket.S3Bucket}/${bucket.S3Key}`;
  }
  if (url === undefined) throw missingParameter("diskContainer.url");
  if (/^s3:\/\/[^/]+\/.+$/.test(url) || /^file:\/\/\/.+$/.test(url)) return url;
  throw unsupportedRequest(`The disk image '${url}' cannot be reached. Expecting file:///PATH or s3://BUCKET/KEY.`);
}

export async function createImportTask(tx: Tx, plan: ImportPlan, random: Random, now: number): Promise<ImportTaskRow> {
  const row: ImportTaskRow = {
    id: newId("importSnapshotTask", random),
    account: plan.owner.account,
    region: plan.owner.region,
    description: plan.description,
    source: plan.source,
    format: plan.format,
    size_bytes: null,
    kms_key_id: plan.encrypted ? (await chooseKey(tx, plan, random, now)).id : null,
    snapshot_id: null,
    state: "active",
    percent: 0,
    message: "pending",
    created_at: now,
  };
  await tx.db.insertInto("import_tasks").values(row).execute();
  await wake(tx, { kind: "snapshot-import", key: row.id }, now);
  return row;
}

function chooseKey(tx: Tx, { owner, kmsKey }: ImportPlan, random: Random, now: number) {
  return kmsKey === undefined ? ensureDefaultKey(tx, owner, random, now) : requireKey(tx, owner, kmsKey, random, now);
}

/** Whoever reads the image stops; what is stored of it goes. */
export async function cancelImport(tx: Tx, task: ImportTaskRow, reason: string, now: number): Promise<void> {
  await tx.db.updateTable("import_tasks").set({ state: "deleting", message: reason }).where("id", "=", task.id).execute();
  await wake(tx, { kind: "snapshot-import", key: task.id }, now);
}
