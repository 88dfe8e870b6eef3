import type { Volume, VolumeAttachment } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../base/regions.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType, type Tag } from "../../compute/tags.ts";
import { toVolumeState } from "../../storage/volume.ts";
import type { VolumeAttachmentRow, VolumeRow } from "../../store/storage-tables.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView, toTagViews } from "./views/tag-view.ts";

const attachments = (volume: Volume) => volume.Attachments ?? [];

const filters: FilterTable<Volume> = {
  tags: tagsOfView,
  fields: {
    "attachment.attach-time": (volume) => attachments(volume).map((each) => each.AttachTime),
    "attachment.delete-on-termination": (volume) => attachments(volume).map((each) => each.DeleteOnTermination),
    "attachment.device": (volume) => attachments(volume).map((each) => each.Device),
    "attachment.instance-id": (volume) => attachments(volume).map((each) => each.InstanceId),
    "attachment.status": (volume) => attachments(volume).map((each) => each.State),
    "availability-zone": (volume) => volume.AvailabilityZone,
    "availability-zone-id": (volume) => volume.AvailabilityZoneId,
    "create-time": (volume) => volume.CreateTime,
    encrypted: (volume) => volume.Encrypted,
    "fast-restored": () => false,
    "multi-attach-enabled": (volume) => volume.MultiAttachEnabled,
    size: (volume) => volume.Size,
    "snapshot-id": (volume) => volume.SnapshotId,
    status: (volume) => volume.State,
    "volume-id": (volume) => volume.VolumeId,
    "volume-type": (volume) => volume.VolumeType,
  },
};

/** The account's volumes in this region. */
export const DescribeVolumes = defineDescribe({
  name: "DescribeVolumes",
  supported: "whole",
  ids: ({ VolumeIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const rows = await ownedRows(tx, "volumes", caller, input.VolumeIds);
    const tags = await listTagsOfType(tx, caller, "volume");
    const attached = await tx.db
      .selectFrom("volume_attachments")
      .innerJoin("volumes", "volumes.id", "volume_attachments.volume_id")
      .selectAll("volume_attachments")
      .where("volumes.account", "=", caller.account)
      .where("volumes.region", "=", caller.region)
      .execute();
    const byVolume = Map.groupBy(attached, (row) => row.volume_id);
    return rows.map((row) => toVolumeView(row, byVolume.get(row.id) ?? [], tags.get(row.id)));
  },
  key: (volume) => volume.VolumeId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "volumeSet" },
  output: (rows, nextToken) => ({ Volumes: [...rows], ...nextTokenField(nextToken) }),
});

function toVolumeView(row: VolumeRow, attached: readonly VolumeAttachmentRow[], tags: readonly Tag[] | undefined): Volume {
  return {
    VolumeId: row.id,
    Size: row.size_gib,
    SnapshotId: row.snapshot_id ?? "",
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    State: toVolumeState(row, attached.length > 0),
    CreateTime: new Date(row.created_at),
    Attachments: attached.map((attachment) => toAttachmentView(row, attachment)),
    Tags: toTagViews(tags),
    VolumeType: row.type as NonNullable<Volume["VolumeType"]>, // launch and CreateVolume take EC2's types only
    ...(row.iops === null ? {} : { Iops: row.iops }),
    ...(row.throughput === null ? {} : { Throughput: row.throughput }),
    Encrypted: row.encrypted === 1,
    MultiAttachEnabled: false,
  };
}

/** Attached once the storage node serves the volume; on its way out while it is being deleted. */
function toAttachmentView(volume: VolumeRow, row: VolumeAttachmentRow): VolumeAttachment {
  return {
    VolumeId: row.volume_id,
    InstanceId: row.instance_id,
    Device: row.device,
    State: volume.want === "absent" ? "detaching" : volume.observed_state === "available" ? "attached" : "attaching",
    AttachTime: new Date(row.attached_at),
    DeleteOnTermination: row.delete_on_termination === 1,
  };
}
