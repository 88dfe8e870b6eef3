import { requireOwnImage } from "../../compute/image.ts";
import { requireDeprecationTime, setDeprecation } from "../../compute/image-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Hides the image from other accounts from a time on; whoever knows its id can still launch it. */
export const EnableImageDeprecation = defineAction({
  name: "EnableImageDeprecation",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => ({ image: await requireOwnImage(tx, caller, input.ImageId), at: requireDeprecationTime(input.DeprecateAt, now) }),
  authorize: ({ image }, { caller }) => [{ action: "ec2:EnableImageDeprecation", resource: ec2Arn(caller, "image", image.id) }],
  apply: async ({ image, at }, { tx }) => {
    await setDeprecation(tx, image, at);
    return { Return: true };
  },
});
