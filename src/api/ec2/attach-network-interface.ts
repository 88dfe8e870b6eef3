import { applyInterface, planInterface } from "../../compute/attach-interface.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives an interface to an instance of its zone; the guest of a running one sees it soon. */
export const AttachNetworkInterface = defineAction({
  name: "AttachNetworkInterface",
  supported: "interfaces of the instance's VPC",
  load: ({ input, caller, tx }) => planInterface(tx, caller, input),
  authorize: ({ nic, instance }, { caller }) => [
    { action: "ec2:AttachNetworkInterface", resource: ec2Arn(caller, "network-interface", nic.id) },
    { action: "ec2:AttachNetworkInterface", resource: ec2Arn(caller, "instance", instance.id) },
  ],
  apply: async (plan, { tx, random, now }) => {
    const { attachment_id: id } = await applyInterface(tx, plan, random, now);
    return { AttachmentId: id ?? "", NetworkCardIndex: 0 };
  },
});
