import { requireInstances } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Serial output: as it was shortly after the last transition, or with Latest as last heard. Nothing yet: no output. */
export const GetConsoleOutput = defineAction({
  name: "GetConsoleOutput",
  supported: "whole; Latest for every kind of guest",
  readOnly: true,
  load: ({ input, caller, tx }) => requireInstances(tx, caller, [input.InstanceId]),
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:GetConsoleOutput", resource: ec2Arn(caller, "instance", id) })),
  apply: async ([instance], { input, tx, now }) => {
    const row =
      instance === undefined ? undefined : await tx.db.selectFrom("consoles").selectAll().where("instance_id", "=", instance.id).executeTakeFirst();
    const [output, at] = input.Latest === true ? [row?.latest, row?.latest_at] : [row?.posted, row?.posted_at];
    return {
      InstanceId: input.InstanceId,
      Timestamp: new Date(at ?? now),
      ...(output === undefined || output === null ? {} : { Output: Buffer.from(output).toString("base64") }),
    };
  },
});
