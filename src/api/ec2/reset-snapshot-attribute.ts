import { invalidParameterValue } from "../../base/api-error.ts";
import { resetGrantees } from "../../storage/snapshot-permission.ts";
import { requireOwnSnapshot } from "../../storage/snapshot.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes back every permission to make volumes of the snapshot. */
export const ResetSnapshotAttribute = defineAction({
  name: "ResetSnapshotAttribute",
  supported: "whole",
  load: ({ input, caller, tx }) => {
    if (input.Attribute !== "createVolumePermission") throw invalidParameterValue("Only the attribute createVolumePermission can be reset.");
    return requireOwnSnapshot(tx, caller, input.SnapshotId);
  },
  authorize: (snapshot, { caller }) => [{ action: "ec2:ResetSnapshotAttribute", resource: ec2Arn(caller, "snapshot", snapshot.id) }],
  apply: async (snapshot, { tx }) => {
    await resetGrantees(tx, snapshot);
    return {};
  },
});
