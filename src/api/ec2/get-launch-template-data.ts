import { requireInstances } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { viewInstances } from "./views/instance-parts.ts";
import { toTemplateDataOf } from "./views/launch-template-data-view.ts";

/** What a launch template would have to say to launch an instance like this one. */
export const GetLaunchTemplateData = defineAction({
  name: "GetLaunchTemplateData",
  supported: "whole",
  readOnly: true,
  load: ({ input, caller, tx }) => requireInstances(tx, caller, [input.InstanceId]),
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:GetLaunchTemplateData", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { tx }) => {
    const [viewed] = await viewInstances(tx, instances);
    if (viewed === undefined) throw new Error("an instance that was found is shown");
    const ids = viewed.attachments.map(({ volume_id: id }) => id);
    const volumes = ids.length === 0 ? [] : await tx.db.selectFrom("volumes").selectAll().where("id", "in", ids).execute();
    return { LaunchTemplateData: toTemplateDataOf(viewed, volumes) };
  },
});
