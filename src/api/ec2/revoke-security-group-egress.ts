import { defineAction, ec2Arn } from "../action.ts";
import { applyRevocation, planRevocation } from "./revoke-rules.ts";

/** Takes outbound rules away from a security group; connections that are open stay open. */
export const RevokeSecurityGroupEgress = defineAction({
  name: "RevokeSecurityGroupEgress",
  supported: "whole",
  load: (call) => planRevocation(call, true),
  authorize: ({ group }, { caller }) => [{ action: "ec2:RevokeSecurityGroupEgress", resource: ec2Arn(caller, "security-group", group.id) }],
  apply: applyRevocation,
});
