import { requireOwnImage } from "../../compute/image.ts";
import { setDeprecation } from "../../compute/image-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** The image is not deprecated any more, and will not be. */
export const DisableImageDeprecation = defineAction({
  name: "DisableImageDeprecation",
  supported: "whole",
  load: ({ input, caller, tx }) => requireOwnImage(tx, caller, input.ImageId),
  authorize: (image, { caller }) => [{ action: "ec2:DisableImageDeprecation", resource: ec2Arn(caller, "image", image.id) }],
  apply: async (image, { tx }) => {
    await setDeprecation(tx, image, null);
    return { Return: true };
  },
});
