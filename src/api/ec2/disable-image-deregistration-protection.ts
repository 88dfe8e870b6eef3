import { requireOwnImage } from "../../compute/image.ts";
import { unprotectImage } from "../../compute/image-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets the image be deregistered, after a day where it was protected with a cooldown. */
export const DisableImageDeregistrationProtection = defineAction({
  name: "DisableImageDeregistrationProtection",
  supported: "whole",
  load: ({ input, caller, tx }) => requireOwnImage(tx, caller, input.ImageId),
  authorize: (image, { caller }) => [{ action: "ec2:DisableImageDeregistrationProtection", resource: ec2Arn(caller, "image", image.id) }],
  apply: async (image, { tx, now }) => {
    await unprotectImage(tx, image, now);
    return { Return: "true" };
  },
});
