import { requireInstances } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireAttributeView } from "./views/instance-attribute-view.ts";
import { viewInstances } from "./views/instance-parts.ts";

/** One attribute of an instance; user data is shown nowhere else. */
export const DescribeInstanceAttribute = defineAction({
  name: "DescribeInstanceAttribute",
  supported: "whole",
  readOnly: true,
  load: async ({ input, caller, tx }) => ({
    view: requireAttributeView(input.Attribute),
    instances: await viewInstances(tx, await requireInstances(tx, caller, [input.InstanceId])),
  }),
  authorize: ({ instances }, { caller }) =>
    instances.map(({ row }) => ({ action: "ec2:DescribeInstanceAttribute", resource: ec2Arn(caller, "instance", row.id) })),
  apply: ({ view, instances }, { input }) => ({ InstanceId: input.InstanceId, ...instances.map(view)[0] }),
});
