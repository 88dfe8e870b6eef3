import { requireOwnImage } from "../../compute/image.ts";
import { protectImage } from "../../compute/image-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets nobody deregister the image until the protection is disabled, and with a cooldown a day longer. */
export const EnableImageDeregistrationProtection = defineAction({
  name: "EnableImageDeregistrationProtection",
  supported: "whole",
  load: ({ input, caller, tx }) => requireOwnImage(tx, caller, input.ImageId),
  authorize: (image, { caller }) => [{ action: "ec2:EnableImageDeregistrationProtection", resource: ec2Arn(caller, "image", image.id) }],
  apply: async (image, { input, tx }) => {
    await protectImage(tx, image, input.WithCooldown === true);
    return { Return: "true" };
  },
});
