import { applyInterfaceDetachment, requireDetachable, requireInterfaceAttachment, requirePluggable } from "../../compute/attach-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes an interface other than the first one from its instance; it stays as it is. */
export const DetachNetworkInterface = defineAction({
  name: "DetachNetworkInterface",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const found = await requireInterfaceAttachment(tx, caller, input.AttachmentId ?? "");
    requireDetachable(found.nic);
    requirePluggable(found.instance);
    return found;
  },
  authorize: ({ nic, instance }, { caller }) => [
    { action: "ec2:DetachNetworkInterface", resource: ec2Arn(caller, "network-interface", nic.id) },
    { action: "ec2:DetachNetworkInterface", resource: ec2Arn(caller, "instance", instance.id) },
  ],
  apply: async ({ nic, instance }, { tx, now }) => {
    await applyInterfaceDetachment(tx, nic, instance, now);
    return {};
  },
});
