import { invalidParameterCombination, invalidParameterValue } from "../../base/api-error.ts";
import { changeGrantees, requireShareable } from "../../storage/snapshot-permission.ts";
import { requireOwnSnapshot } from "../../storage/snapshot.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { parsePermissionRequest } from "./permission-request.ts";

/** Shares a snapshot with other accounts, or with everybody, or no longer. */
export const ModifySnapshotAttribute = defineAction({
  name: "ModifySnapshotAttribute",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    if (input.Attribute !== undefined && input.Attribute !== "createVolumePermission") {
      throw invalidParameterValue("Only the attribute createVolumePermission can be modified.");
    }
    const change = parsePermissionRequest({
      structure: input.CreateVolumePermission,
      operation: input.OperationType,
      users: input.UserIds,
      groups: input.GroupNames,
    });
    if (change.add.length > 0 && change.remove.length > 0) throw invalidParameterCombination("Permissions can be added or removed in one call, not both.");
    const snapshot = await requireOwnSnapshot(tx, caller, input.SnapshotId);
    await requireShareable(tx, snapshot, change);
    return { snapshot, change };
  },
  authorize: ({ snapshot }, { caller }) => [{ action: "ec2:ModifySnapshotAttribute", resource: ec2Arn(caller, "snapshot", snapshot.id) }],
  apply: async ({ snapshot, change }, { tx }) => {
    await changeGrantees(tx, snapshot, change);
    return {};
  },
});
