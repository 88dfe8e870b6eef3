/** Rows of volumes, snapshots and keys; the conventions are in `tables.ts`. */
import type { ImageId, InstanceId, SnapshotId, VolumeId } from "../base/ids.ts";
import type { Flag } from "./tables.ts";

export interface StorageTables {
  volumes: VolumeRow;
  volume_sums: VolumeSumRow;
  volume_attachments: VolumeAttachmentRow;
  volume_modifications: VolumeModificationRow;
  snapshots: SnapshotRow;
  /** Who may make volumes of a snapshot besides its owner: an account, or `all`. */
  snapshot_permissions: { snapshot_id: SnapshotId; grantee: string };
  kms_keys: KmsKeyRow;
  import_tasks: ImportTaskRow;
}

/** The sums of an account's volumes that are wanted, changed in the same transactions as these. */
export interface VolumeSumRow {
  account: string;
  region: string;
  type: string;
  size_gib: number;
  iops: number;
}

export interface VolumeRow {
  id: VolumeId;
  account: string;
  region: string;
  zone: string;
  size_gib: number;
  type: string;
  iops: number | null;
  throughput: number | null;
  encrypted: Flag;
  snapshot_id: string | null;
  /** The file in the image folder that the volume began as: its snapshot is one that the installation brings along. */
  source_file: string | null;
  /** MiB a second; null: what storage nodes do by themselves. */
  initialization_rate: number | null;
  storage_node: string;
  /** Unique on its storage node and fixed for life. */
  port: number;
  created_at: number;
  want: "present" | "absent";
  generation: number;
  observed_generation: number;
  observed_state: "creating" | "available" | "absent" | "failed" | null;
  observed_reason: string | null;
  /** The key whose volume keys encrypt the data; null exactly when not encrypted. */
  kms_key_id: string | null;
  multi_attach: Flag;
  auto_enable_io: Flag;
  /** VolumeCondition of the host protocol as JSON. */
  observed_condition: string | null;
}

export interface VolumeAttachmentRow {
  volume_id: VolumeId;
  instance_id: InstanceId;
  device: string;
  root: Flag;
  delete_on_termination: Flag;
  /** Part of the export's name; made anew at each start, so that an earlier host can no longer write. */
  token: string;
  attached_at: number;
  /** `detached`: the host is asked to take it from the guest; the row goes when it has. */
  want: "attached" | "detached";
  /** A detachment that does not wait for the guest. */
  force: Flag;
  /** As the host of a running machine says; null before it has said anything, and while the machine does not run. */
  observed_state: "attached" | "busy" | "failed" | null;
}

/** A change of a volume (ModifyVolume). The newest of a volume counts; `started_at` orders them. */
export interface VolumeModificationRow {
  volume_id: VolumeId;
  started_at: number;
  id: string;
  target_size_gib: number;
  target_type: string;
  target_iops: number | null;
  target_throughput: number | null;
  target_multi_attach: Flag;
  original_size_gib: number;
  original_type: string;
  original_iops: number | null;
  original_throughput: number | null;
  original_multi_attach: Flag;
  /** When the storage node had made it true: `optimizing` begins. */
  reached_at: number | null;
  ended_at: number | null;
  failure: string | null;
}

/** A snapshot. Those that an installation's images are made of are of every region (`*`) and have a file instead of blocks. */
export interface SnapshotRow {
  id: SnapshotId;
  account: string;
  region: string;
  volume_id: string | null;
  volume_size_gib: number;
  description: string;
  encrypted: Flag;
  kms_key_id: string | null;
  created_at: number;
  /** How the blocks come into the store: from a volume, one by one through the EBS direct API, from another snapshot, from a file; `file`: not at all. */
  origin: "volume" | "direct" | "copy" | "import" | "file";
  source_file: string | null;
  /** With origin `volume`: where the volume is. */
  storage_node: string | null;
  /** With origin `copy`: what it is a copy of, and where that is; with `direct`: the parent, of the same region. */
  source_snapshot_id: SnapshotId | null;
  source_region: string | null;
  /** With CreateSnapshots: the ids of all volumes of the same moment, as JSON. */
  together: string | null;
  /** The image that CreateImage makes it for. */
  image_id: ImageId | null;
  want: "present" | "absent";
  /** `ordered`: nothing is heard of it; `frozen`: its moment is fixed. */
  observed_state: "ordered" | "frozen" | "completed" | "failed";
  observed_percent: number;
  observed_reason: string | null;
  total_blocks: number | null;
  moved_blocks: number | null;
  completed_at: number | null;
  /** With origin `direct`: when it fails unless a block arrives before, and how long it may be left alone. */
  untouched_until: number | null;
  timeout_ms: number | null;
}

/** A key of the local key service: 32 random bytes that never leave the installation. */
export interface KmsKeyRow {
  /** A UUID; the ARN follows from it. */
  id: string;
  account: string;
  region: string;
  /** `aws/ebs` for the account's default key. */
  alias: string | null;
  /** Base64. */
  material: string;
  created_at: number;
}

/** ImportSnapshot: a file of this machine becomes a snapshot. */
export interface ImportTaskRow {
  id: string;
  account: string;
  region: string;
  description: string;
  source: string;
  format: string;
  size_bytes: number | null;
  /** The key that the snapshot will be encrypted with; null: it will not. */
  kms_key_id: string | null;
  snapshot_id: SnapshotId | null;
  /** `deleting`: what was stored of it is yet to be removed. */
  state: "active" | "completed" | "deleting" | "deleted";
  percent: number;
  message: string | null;
  created_at: number;
}
