/** Flow logs as EC2 shows them. */
import type { FlowLog } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { FlowLogRow } from "../../../store/network-tables.ts";
import { toTagViews } from "./tag-view.ts";

export function toFlowLogView(row: FlowLogRow, tags: readonly Tag[] | undefined): FlowLog {
  return {
    FlowLogId: row.id,
    FlowLogStatus: "ACTIVE",
    ResourceId: row.resource_id,
    TrafficType: row.traffic,
    LogDestinationType: row.destination_type,
    ...(row.log_group === null ? {} : { LogGroupName: row.log_group }),
    ...(row.destination === "" ? {} : { LogDestination: row.destination }),
    LogFormat: row.format,
    MaxAggregationInterval: row.interval_seconds,
    DeliverLogsStatus: "SUCCESS",
    ...(row.permission_arn === null ? {} : { DeliverLogsPermissionArn: row.permission_arn }),
    CreationTime: new Date(row.created_at),
    Tags: toTagViews(tags),
  };
}
