import { defineAction, ec2Arn } from "../action.ts";
import { applyRevocation, planRevocation } from "./revoke-rules.ts";

/** Takes inbound rules away from a security group; connections that are open stay open. */
export const RevokeSecurityGroupIngress = defineAction({
  name: "RevokeSecurityGroupIngress",
  supported: "whole",
  load: (call) => planRevocation(call, false),
  authorize: ({ group }, { caller }) => [{ action: "ec2:RevokeSecurityGroupIngress", resource: ec2Arn(caller, "security-group", group.id) }],
  apply: applyRevocation,
});
