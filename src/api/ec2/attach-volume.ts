import { applyAttachment, planAttachment } from "../../compute/attach-volume.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAttachmentView } from "./views/volume-view.ts";

/** Gives a volume to an instance of its zone; the guest of a running one sees it soon. */
export const AttachVolume = defineAction({
  name: "AttachVolume",
  supported: "whole",
  load: ({ input, caller, tx }) => planAttachment(tx, caller, input),
  authorize: ({ volume, instance }, { caller }) => [
    { action: "ec2:AttachVolume", resource: ec2Arn(caller, "volume", volume.id) },
    { action: "ec2:AttachVolume", resource: ec2Arn(caller, "instance", instance.id) },
  ],
  apply: async (plan, { tx, random, now }) => toAttachmentView(await applyAttachment(tx, plan, random, now), "attaching"),
});
