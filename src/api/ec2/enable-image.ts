import { requireOwnImage } from "../../compute/image.ts";
import { enableImage, requireImageState } from "../../compute/image-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets a disabled image be launched again. */
export const EnableImage = defineAction({
  name: "EnableImage",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const image = await requireOwnImage(tx, caller, input.ImageId);
    requireImageState(image, "disabled");
    return image;
  },
  authorize: (image, { caller }) => [{ action: "ec2:EnableImage", resource: ec2Arn(caller, "image", image.id) }],
  apply: async (image, { tx }) => {
    await enableImage(tx, image);
    return { Return: true };
  },
});
