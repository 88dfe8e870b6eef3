import type { DescribeVolumeAttributeResult } from "@aws-sdk/client-ec2";
import { invalidValueOf } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import type { VolumeRow } from "../../store/storage-tables.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** One attribute of a volume. */
export const DescribeVolumeAttribute = defineAction({
  name: "DescribeVolumeAttribute",
  supported: "whole",
  readOnly: true,
  load: async ({ input, caller, tx }) => {
    const [volume] = await ownedRows(tx, "volumes", caller, [input.VolumeId]);
    return volume === undefined ? [] : [toAttribute(volume, input.Attribute)];
  },
  authorize: (_views, { input, caller }) => [{ action: "ec2:DescribeVolumeAttribute", resource: ec2Arn(caller, "volume", input.VolumeId) }],
  apply: ([view = {}]) => view,
});

function toAttribute(row: VolumeRow, name: string): DescribeVolumeAttributeResult {
  switch (name) {
    case "autoEnableIO":
      return { VolumeId: row.id, AutoEnableIO: { Value: row.auto_enable_io === 1 } };
    case "productCodes":
      return { VolumeId: row.id, ProductCodes: [] };
    default:
      throw invalidValueOf("attribute", name, "Unknown attribute.");
  }
}
