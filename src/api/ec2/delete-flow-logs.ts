import { missingParameter } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { deleteFlowLog } from "../../network/flow-log.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Ends flow logs; what they recorded stays where it is. */
export const DeleteFlowLogs = defineAction({
  name: "DeleteFlowLogs",
  supported: "whole",
  load: ({ input: { FlowLogIds: ids = [] }, caller, tx }) => {
    if (ids.length === 0) throw missingParameter("flowLogIds");
    return ownedRows(tx, "flow_logs", caller, ids);
  },
  authorize: (logs, { caller }) => logs.map(({ id }) => ({ action: "ec2:DeleteFlowLogs", resource: ec2Arn(caller, "vpc-flow-log", id) })),
  apply: async (logs, { tx, now }) => {
    for (const log of logs) await deleteFlowLog(tx, log, now);
    return { Unsuccessful: [] };
  },
});
