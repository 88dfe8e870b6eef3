/** Placement groups as EC2 shows them. */
import type { PlacementGroup } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { PlacementGroupRow } from "../../../store/placement-tables.ts";
import { ec2Arn } from "../../action.ts";
import { toTagViews } from "./tag-view.ts";

export function toPlacementGroupView(row: PlacementGroupRow, tags: readonly Tag[] = []): PlacementGroup {
  return {
    GroupName: row.name,
    GroupId: row.id,
    GroupArn: ec2Arn(row, "placement-group", row.name),
    State: "available",
    Strategy: row.strategy,
    ...(row.partition_count === null ? {} : { PartitionCount: row.partition_count }),
    ...(row.spread_level === null ? {} : { SpreadLevel: row.spread_level }),
    Tags: toTagViews(tags),
  };
}
