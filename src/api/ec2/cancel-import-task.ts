import { importTaskNotActive, missingParameter } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { cancelImport } from "../../storage/snapshot-import.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Ends an import that is under way; what it has stored is removed. */
export const CancelImportTask = defineAction({
  name: "CancelImportTask",
  supported: "imports of snapshots",
  load: async ({ input, caller, tx }) => {
    if (input.ImportTaskId === undefined) throw missingParameter("importTaskId");
    const tasks = await ownedRows(tx, "import_tasks", caller, [input.ImportTaskId]);
    for (const task of tasks) if (task.state !== "active") throw importTaskNotActive(task.id, task.state);
    return tasks;
  },
  authorize: (tasks, { caller }) => tasks.map((task) => ({ action: "ec2:CancelImportTask", resource: ec2Arn(caller, "import-snapshot-task", task.id) })),
  apply: async (tasks, { input, tx, now }) => {
    for (const task of tasks) await cancelImport(tx, task, input.CancelReason ?? "cancelled by its owner", now);
    return { ImportTaskId: input.ImportTaskId, PreviousState: "active", State: "deleting" };
  },
});
