import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toFlowLogView } from "./views/flow-log-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's flow logs in this region. */
export const DescribeFlowLogs = defineDescribe({
  name: "DescribeFlowLogs",
  supported: "whole",
  ids: ({ FlowLogIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "vpc-flow-log");
    return (await ownedRows(tx, "flow_logs", caller, input.FlowLogIds)).map((row) => toFlowLogView(row, tags.get(row.id)));
  },
  key: (log) => log.FlowLogId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "deliver-log-status": (log) => log.DeliverLogsStatus,
      "log-destination-type": (log) => log.LogDestinationType,
      "flow-log-id": (log) => log.FlowLogId,
      "log-group-name": (log) => log.LogGroupName,
      "resource-id": (log) => log.ResourceId,
      "traffic-type": (log) => log.TrafficType,
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "flowLogIds" },
  output: (rows, nextToken) => ({ FlowLogs: [...rows], ...nextTokenField(nextToken) }),
});
