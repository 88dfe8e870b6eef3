import { requireOwnImage } from "../../compute/image.ts";
import { disableImage, requireImageState } from "../../compute/image-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets nobody launch the image, and hides it from all but its owner, until it is enabled again. */
export const DisableImage = defineAction({
  name: "DisableImage",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const image = await requireOwnImage(tx, caller, input.ImageId);
    requireImageState(image, "available");
    return image;
  },
  authorize: (image, { caller }) => [{ action: "ec2:DisableImage", resource: ec2Arn(caller, "image", image.id) }],
  apply: async (image, { tx }) => {
    await disableImage(tx, image);
    return { Return: true };
  },
});
