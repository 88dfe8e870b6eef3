import type { ImportSnapshotTask } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toImportTaskView } from "./views/import-task-view.ts";
import { readKeys } from "./views/snapshot-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's imports of disk images and how far they are. */
export const DescribeImportSnapshotTasks = defineDescribe({
  name: "DescribeImportSnapshotTasks",
  supported: "whole",
  ids: ({ ImportTaskIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const rows = await ownedRows(tx, "import_tasks", caller, input.ImportTaskIds);
    const keys = await readKeys(tx, rows);
    const tags = await listTagsOfType(tx, caller, "import-snapshot-task");
    return rows.map((row) => toImportTaskView(row, keys, tags.get(row.id)));
  },
  key: (task) => task.ImportTaskId ?? "",
  filters: { tags: tagsOfView, fields: { "task-state": (task: ImportSnapshotTask) => task.SnapshotTaskDetail?.Status } },
  page: { minimum: 1, maximum: 1000 },
  output: (rows, nextToken) => ({ ImportSnapshotTasks: [...rows], ...nextTokenField(nextToken) }),
});
