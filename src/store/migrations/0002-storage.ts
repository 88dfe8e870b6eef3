/** EBS as its own resource: snapshots and who may use them, changes of volumes, keys, what an image is made of, and settings of an account in a region. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  snapshots:
    "t!id t account t region t?volume_id i volume_size_gib t description i encrypted t?kms_key_id i created_at t origin t?source_file t?storage_node t?source_snapshot_id t?source_region t?together " +
    "t?image_id t want t observed_state i observed_percent t?observed_reason i?total_blocks i?moved_blocks i?completed_at i?untouched_until i?timeout_ms",
  snapshot_permissions: "t!snapshot_id t!grantee",
  volume_modifications:
    "t!volume_id i!started_at t!id i target_size_gib t target_type i?target_iops i?target_throughput i target_multi_attach " +
    "i original_size_gib t original_type i?original_iops i?original_throughput i original_multi_attach i?reached_at i?ended_at t?failure",
  kms_keys: "t!id t account t region t?alias t material i created_at",
  account_settings: "t!account t!region t!name t value",
  image_permissions: "t!image_id t!grantee",
  image_tasks: "t!image_id t instance_id i no_reboot t phase i started_at t?failure",
  import_tasks: "t!id t account t region t description t source t format i?size_bytes t?kms_key_id t?snapshot_id t state i percent t?message i created_at",
};

const columns: Readonly<Record<string, string>> = {
  volumes: "t?kms_key_id i=0 multi_attach i=0 auto_enable_io t?observed_condition",
  volume_attachments: "t='attached' want i=0 force t?observed_state",
  images: "t='[]' block_device_mappings t='{}' launch_options i?deprecated_at i?deregistered_at t?source_instance_id t?source_image_id t?source_region t='disabled' deregistration_protection i?protected_until",
  instances: "t?image_task i=0 observed_reached",
};

const indexes: readonly string[] = [
  "snapshots account region",
  "snapshots volume_id",
  "volume_attachments volume_id",
  "kms_keys account region",
  "unique kms_keys account region alias",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await addColumns(db, columns);
  await createIndexes(db, indexes, "storage");
}
