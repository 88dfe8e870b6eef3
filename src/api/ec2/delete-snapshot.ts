import { deleteSnapshot, refuseUsedByImage } from "../../storage/snapshot-removal.ts";
import { requireOwnSnapshot } from "../../storage/snapshot.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Deletes a snapshot, also one that is not completed yet. Blocks that other snapshots have as well stay. */
export const DeleteSnapshot = defineAction({
  name: "DeleteSnapshot",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const snapshot = await requireOwnSnapshot(tx, caller, input.SnapshotId);
    await refuseUsedByImage(tx, snapshot.id);
    return snapshot;
  },
  authorize: (snapshot, { caller }) => [{ action: "ec2:DeleteSnapshot", resource: ec2Arn(caller, "snapshot", snapshot.id) }],
  apply: async (snapshot, { tx, now }) => {
    await deleteSnapshot(tx, snapshot, now);
    return {};
  },
});
