import { writeRules } from "../../network/security-group-changes.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { planDescriptions } from "./rule-descriptions.ts";

/** Gives outbound rules other descriptions, or none. */
export const UpdateSecurityGroupRuleDescriptionsEgress = defineAction({
  name: "UpdateSecurityGroupRuleDescriptionsEgress",
  supported: "whole",
  load: (call) => planDescriptions(call, true),
  authorize: ({ group }, { caller }) => [{ action: "ec2:UpdateSecurityGroupRuleDescriptionsEgress", resource: ec2Arn(caller, "security-group", group.id) }],
  apply: async ({ group, rules }, { tx, now }) => {
    await writeRules(tx, group, rules, now);
    return { Return: true };
  },
});
