import { requireOwnImage } from "../../compute/image.ts";
import { imageBlockDevices } from "../../compute/block-device-mapping.ts";
import { requireUnprotected } from "../../compute/image-attribute.ts";
import { deleteAssociatedSnapshots, deregisterImage } from "../../compute/deregister-image.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes an image back; its snapshots stay unless asked otherwise, and instances launched from it go on. */
export const DeregisterImage = defineAction({
  name: "DeregisterImage",
  supported: "whole; no Recycle Bin",
  load: async ({ input, caller, tx, now }) => {
    const image = await requireOwnImage(tx, caller, input.ImageId);
    requireUnprotected(image, now);
    return image;
  },
  authorize: (image, { input, caller }) => [
    { action: "ec2:DeregisterImage", resource: ec2Arn(caller, "image", image.id) },
    ...(input.DeleteAssociatedSnapshots === true
      ? imageBlockDevices(image).flatMap(({ snapshotId }) => (snapshotId === null ? [] : [{ action: "ec2:DeleteSnapshot", resource: ec2Arn(caller, "snapshot", snapshotId) }]))
      : []),
  ],
  apply: async (image, { input, tx, now }) => {
    await deregisterImage(tx, image, now);
    if (input.DeleteAssociatedSnapshots !== true) return { Return: true };
    const removals = await deleteAssociatedSnapshots(tx, image, now);
    return { Return: true, DeleteSnapshotResults: removals.map(({ id, outcome }) => ({ SnapshotId: id, ReturnCode: outcome })) };
  },
});
