import type { VolumeModification } from "@aws-sdk/client-ec2";
import { modificationNotFound } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listLatestModifications } from "../../storage/volume-modification.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toModificationView } from "./views/volume-view.ts";

const filters: FilterTable<VolumeModification> = {
  fields: {
    "modification-state": (change) => change.ModificationState,
    "original-iops": (change) => change.OriginalIops,
    originalMultiAttachEnabled: (change) => change.OriginalMultiAttachEnabled,
    "original-size": (change) => change.OriginalSize,
    "original-throughput": (change) => change.OriginalThroughput,
    "original-volume-type": (change) => change.OriginalVolumeType,
    "start-time": (change) => change.StartTime,
    "target-iops": (change) => change.TargetIops,
    targetMultiAttachEnabled: (change) => change.TargetMultiAttachEnabled,
    "target-size": (change) => change.TargetSize,
    "target-throughput": (change) => change.TargetThroughput,
    "target-volume-type": (change) => change.TargetVolumeType,
    "volume-id": (change) => change.VolumeId,
  },
};

/** The newest change of each volume that was ever changed. */
export const DescribeVolumesModifications = defineDescribe({
  name: "DescribeVolumesModifications",
  supported: "whole",
  ids: ({ VolumeIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const volumes = await ownedRows(tx, "volumes", caller, input.VolumeIds);
    const latest = await listLatestModifications(tx, caller);
    const unchanged = (input.VolumeIds ?? []).filter((id) => !latest.has(id));
    if (unchanged.length > 0) throw modificationNotFound(unchanged);
    return volumes.flatMap((volume) => {
      const row = latest.get(volume.id);
      return row === undefined ? [] : [toModificationView(row, volume)];
    });
  },
  key: (change) => change.VolumeId ?? "",
  filters,
  page: { minimum: 1, maximum: 500, idsParameter: "volumeIds" },
  output: (rows, nextToken) => ({ VolumesModifications: [...rows], ...nextTokenField(nextToken) }),
});
