import { deleteSecurityGroup, requireUnusedGroup } from "../../network/security-group.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireGroup } from "./group-request.ts";

/** Removes a group that no interface is in and no other group's rule names. */
export const DeleteSecurityGroup = defineAction({
  name: "DeleteSecurityGroup",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const group = await requireGroup(tx, caller, input);
    await requireUnusedGroup(tx, group);
    return group;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteSecurityGroup", resource: ec2Arn(caller, "security-group", id) }],
  apply: async ({ id }, { tx }) => {
    await deleteSecurityGroup(tx, id);
    return { Return: true, GroupId: id };
  },
});
