import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import { createSecurityGroup, requireNewGroup } from "../../network/security-group.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireDefaultVpc, requireGroupText } from "./group-request.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toTagViews } from "./views/tag-view.ts";

/** Makes a security group, in the default VPC when none is named. It lets everything out and nothing in. */
export const CreateSecurityGroup = defineAction({
  name: "CreateSecurityGroup",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const name = requireGroupText("groupName", input.GroupName);
    const description = requireGroupText("groupDescription", input.Description);
    const tags = parseTagSpecifications(input.TagSpecifications, ["security-group"]).get("security-group") ?? [];
    const vpc = input.VpcId === undefined ? await requireDefaultVpc(tx, caller) : await requireOwnedRow(tx, "vpcs", caller, input.VpcId);
    await requireNewGroup(tx, caller, vpc.id, name);
    return { plan: { vpcId: vpc.id, name, description }, tags };
  },
  authorize: ({ plan, tags }, { caller }) => {
    const resource = ec2Arn(caller, "security-group", "*");
    const vpc = ec2Arn(caller, "vpc", plan.vpcId);
    return [
      { action: "ec2:CreateSecurityGroup", resource, conditions: { "ec2:Vpc": vpc } },
      { action: "ec2:CreateSecurityGroup", resource: vpc },
      ...createTagsGrants(tags, [resource]),
    ];
  },
  apply: async ({ plan, tags }, { caller, tx, random }) => {
    const { id } = await createSecurityGroup(tx, caller, plan, random);
    await putTags(tx, { id, type: "security-group", account: caller.account, region: caller.region }, tags);
    return { GroupId: id, SecurityGroupArn: ec2Arn(caller, "security-group", id), Tags: toTagViews(tags) };
  },
});
