import type { Volume } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView } from "./views/tag-view.ts";
import { viewVolumes } from "./views/volume-parts.ts";

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
    "operator.managed": () => false,
    "operator.principal": () => undefined,
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
  list: async ({ input, caller, tx }) => viewVolumes(tx, caller, await ownedRows(tx, "volumes", caller, input.VolumeIds)),
  key: (volume) => volume.VolumeId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "volumeSet" },
  output: (rows, nextToken) => ({ Volumes: [...rows], ...nextTokenField(nextToken) }),
});
