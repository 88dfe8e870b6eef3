import { requireInstances } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Always empty: only Windows guests have a password here. */
export const GetPasswordData = defineAction({
  name: "GetPasswordData",
  supported: "whole; there are no Windows guests, so it is empty",
  readOnly: true,
  load: ({ input, caller, tx }) => requireInstances(tx, caller, [input.InstanceId]),
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:GetPasswordData", resource: ec2Arn(caller, "instance", id) })),
  apply: (_instances, { input, now }) => ({ InstanceId: input.InstanceId, Timestamp: new Date(now), PasswordData: "" }),
});
