import { applyDetachment, planDetachment } from "../../compute/detach-volume.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAttachmentView } from "./views/volume-view.ts";

/** Takes a volume from an instance; a running guest is asked to give it back, unless Force is set. */
export const DetachVolume = defineAction({
  name: "DetachVolume",
  supported: "whole",
  load: ({ input, caller, tx }) => planDetachment(tx, caller, input),
  authorize: ({ volume, instance }, { caller }) => [
    { action: "ec2:DetachVolume", resource: ec2Arn(caller, "volume", volume.id) },
    { action: "ec2:DetachVolume", resource: ec2Arn(caller, "instance", instance.id) },
  ],
  apply: async (plan, { input, tx, now }) => toAttachmentView(await applyDetachment(tx, plan, input.Force ?? false, now), "detaching"),
});
