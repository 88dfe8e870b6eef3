import { invalidValueOf } from "../../base/api-error.ts";
import { requireOwnImage } from "../../compute/image.ts";
import { resetLaunchPermissions } from "../../compute/image-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes back every permission to launch the image. */
export const ResetImageAttribute = defineAction({
  name: "ResetImageAttribute",
  supported: "whole",
  load: ({ input, caller, tx }) => {
    if (input.Attribute !== "launchPermission") throw invalidValueOf("attribute", input.Attribute, "Only launchPermission can be reset.");
    return requireOwnImage(tx, caller, input.ImageId);
  },
  authorize: (image, { caller }) => [{ action: "ec2:ResetImageAttribute", resource: ec2Arn(caller, "image", image.id) }],
  apply: async (image, { tx }) => {
    await resetLaunchPermissions(tx, image);
    return {};
  },
});
