/** Volumes, their attachments and their changes as EC2 shows them. */
import type { Volume, VolumeAttachment, VolumeModification } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import type { AttachmentState } from "../../../compute/attachment-state.ts";
import type { Tag } from "../../../compute/tags.ts";
import { keyArn } from "../../../storage/kms-key.ts";
import { toModificationState } from "../../../storage/volume-modification.ts";
import { conditionOf, toVolumeState } from "../../../storage/volume.ts";
import type { VolumeAttachmentRow, VolumeModificationRow, VolumeRow } from "../../../store/storage-tables.ts";
import { toTagViews } from "./tag-view.ts";

export interface ViewedAttachment {
  readonly row: VolumeAttachmentRow;
  readonly state: AttachmentState;
}

type VolumeTypeView = NonNullable<Volume["VolumeType"]>;

export function toVolumeView(row: VolumeRow, attachments: readonly ViewedAttachment[], tags: readonly Tag[] | undefined): Volume {
  return {
    VolumeId: row.id,
    Size: row.size_gib,
    SnapshotId: row.snapshot_id ?? "",
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    State: toVolumeState(row, attachments.length > 0),
    CreateTime: new Date(row.created_at),
    Attachments: attachments.map(({ row: attachment, state }) => toAttachmentView(attachment, state)),
    Tags: toTagViews(tags),
    VolumeType: row.type as VolumeTypeView, // rows have EC2's types only
    ...(row.iops === null ? {} : { Iops: row.iops }),
    ...(row.throughput === null ? {} : { Throughput: row.throughput }),
    ...(row.initialization_rate === null ? {} : { VolumeInitializationRate: row.initialization_rate }),
    Encrypted: row.encrypted === 1,
    ...(row.kms_key_id === null ? {} : { KmsKeyId: keyArn({ ...row, id: row.kms_key_id }) }),
    MultiAttachEnabled: row.multi_attach === 1,
  };
}

export function toAttachmentView(row: VolumeAttachmentRow, state: AttachmentState): VolumeAttachment {
  return {
    VolumeId: row.volume_id,
    InstanceId: row.instance_id,
    Device: row.device,
    State: state,
    AttachTime: new Date(row.attached_at),
    DeleteOnTermination: row.delete_on_termination === 1,
  };
}

export function toModificationView(row: VolumeModificationRow, volume: VolumeRow): VolumeModification {
  const state = toModificationState(row);
  const fetched = conditionOf(volume)?.initializedPercent ?? 100;
  return {
    VolumeId: row.volume_id,
    ModificationState: state,
    ...(row.failure === null ? {} : { StatusMessage: row.failure }),
    TargetSize: row.target_size_gib,
    ...(row.target_iops === null ? {} : { TargetIops: row.target_iops }),
    TargetVolumeType: row.target_type as VolumeTypeView, // as above
    ...(row.target_throughput === null ? {} : { TargetThroughput: row.target_throughput }),
    TargetMultiAttachEnabled: row.target_multi_attach === 1,
    OriginalSize: row.original_size_gib,
    ...(row.original_iops === null ? {} : { OriginalIops: row.original_iops }),
    OriginalVolumeType: row.original_type as VolumeTypeView, // as above
    ...(row.original_throughput === null ? {} : { OriginalThroughput: row.original_throughput }),
    OriginalMultiAttachEnabled: row.original_multi_attach === 1,
    Progress: state === "completed" ? 100 : state === "optimizing" ? fetched : 0,
    StartTime: new Date(row.started_at),
    ...(row.ended_at === null ? {} : { EndTime: new Date(row.ended_at) }),
  };
}
