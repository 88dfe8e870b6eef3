/** Import tasks as EC2 shows them. */
import type { ImportSnapshotTask, SnapshotTaskDetail } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import { keyArn } from "../../../storage/kms-key.ts";
import type { ImportTaskRow, KmsKeyRow } from "../../../store/storage-tables.ts";
import { toTagViews } from "./tag-view.ts";

export function toImportTaskView(row: ImportTaskRow, keys: ReadonlyMap<string, KmsKeyRow>, tags: readonly Tag[] | undefined): ImportSnapshotTask {
  return { ImportTaskId: row.id, Description: row.description, SnapshotTaskDetail: toDetail(row, keys), Tags: toTagViews(tags) };
}

function toDetail(row: ImportTaskRow, keys: ReadonlyMap<string, KmsKeyRow>): SnapshotTaskDetail {
  const key = row.kms_key_id === null ? undefined : keys.get(row.kms_key_id);
  const [, bucket, object] = /^s3:\/\/([^/]+)\/(.+)$/.exec(row.source) ?? [];
  return {
    Description: row.description,
    Format: row.format,
    Status: row.state,
    ...(row.state === "active" ? { Progress: String(row.percent) } : {}),
    ...(row.message === null ? {} : { StatusMessage: row.message }),
    ...(row.size_bytes === null ? {} : { DiskImageSize: row.size_bytes }),
    ...(row.snapshot_id === null ? {} : { SnapshotId: row.snapshot_id }),
    Encrypted: row.kms_key_id !== null,
    ...(key === undefined ? {} : { KmsKeyId: keyArn(key) }),
    ...(bucket === undefined || object === undefined ? { Url: row.source } : { UserBucket: { S3Bucket: bucket, S3Key: object } }),
  };
}
