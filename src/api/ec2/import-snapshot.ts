import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import { requireSnapshotDescription, requireSnapshotRoom } from "../../storage/snapshot-creation.ts";
import { createImportTask, planImport } from "../../storage/snapshot-import.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toImportTaskView } from "./views/import-task-view.ts";
import { readKeys } from "./views/snapshot-view.ts";

/** Makes a snapshot of a disk image of this machine. */
export const ImportSnapshot = defineAction({
  name: "ImportSnapshot",
  supported: "disk images of this machine only",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const tags = parseTagSpecifications(input.TagSpecifications, ["import-snapshot-task"]).get("import-snapshot-task") ?? [];
    const asked = { description: requireSnapshotDescription(input.Description), encrypted: input.Encrypted, kmsKey: input.KmsKeyId };
    const plan = await planImport(tx, caller, input.DiskContainer, asked);
    await requireSnapshotRoom(tx, caller, 1);
    return { plan, tags };
  },
  authorize: ({ tags }, { caller }) => {
    const [task, snapshot] = [ec2Arn(caller, "import-snapshot-task", "*"), ec2Arn(caller, "snapshot", "*")];
    return [...[task, snapshot].map((resource) => ({ action: "ec2:ImportSnapshot", resource })), ...createTagsGrants(tags, [task])];
  },
  apply: async ({ plan, tags }, { caller, tx, random, now }) => {
    const row = await createImportTask(tx, plan, random, now);
    await putTags(tx, { id: row.id, type: "import-snapshot-task", account: caller.account, region: caller.region }, tags);
    return toImportTaskView(row, await readKeys(tx, [row]), tags);
  },
});
