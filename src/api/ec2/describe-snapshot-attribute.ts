import { invalidValueOf } from "../../base/api-error.ts";
import { listGrantees } from "../../storage/snapshot-permission.ts";
import { everybody, requireOwnSnapshot } from "../../storage/snapshot.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** One attribute of a snapshot: who may make volumes of it, or its product codes, of which there are none. */
export const DescribeSnapshotAttribute = defineAction({
  name: "DescribeSnapshotAttribute",
  supported: "whole",
  readOnly: true,
  load: ({ input, caller, tx }) => {
    requireAttribute(input.Attribute);
    return requireOwnSnapshot(tx, caller, input.SnapshotId);
  },
  authorize: (snapshot, { caller }) => [{ action: "ec2:DescribeSnapshotAttribute", resource: ec2Arn(caller, "snapshot", snapshot.id) }],
  apply: async (snapshot, { input, tx }) => {
    if (input.Attribute === "productCodes") return { SnapshotId: snapshot.id, ProductCodes: [] };
    const grantees = await listGrantees(tx, snapshot);
    return { SnapshotId: snapshot.id, CreateVolumePermissions: grantees.map((grantee) => (grantee === everybody ? { Group: everybody } : { UserId: grantee })) };
  },
});

function requireAttribute(asked: string): void {
  if (asked !== "createVolumePermission" && asked !== "productCodes") throw invalidValueOf("attribute", asked, "Valid values are productCodes, createVolumePermission.");
}
