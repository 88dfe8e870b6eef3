import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView, toTagViews } from "./views/tag-view.ts";

/** The groups that interfaces of the VPC can be in. */
export const GetSecurityGroupsForVpc = defineDescribe({
  name: "GetSecurityGroupsForVpc",
  supported: "whole; groups are not shared between VPCs yet",
  list: async ({ input, caller, tx }) => {
    const vpcs = await ownedRows(tx, "vpcs", caller, [input.VpcId]);
    const tags = await listTagsOfType(tx, caller, "security-group");
    const groups = (await ownedRows(tx, "security_groups", caller)).filter((group) => vpcs.some((vpc) => vpc.id === group.vpc_id));
    return groups.map((row) => ({
      GroupId: row.id,
      GroupName: row.name,
      Description: row.description,
      OwnerId: row.account,
      PrimaryVpcId: row.vpc_id,
      Tags: toTagViews(tags.get(row.id)),
    }));
  },
  key: (group) => group.GroupId,
  filters: {
    tags: tagsOfView,
    fields: {
      description: (group) => group.Description,
      "group-id": (group) => group.GroupId,
      "group-name": (group) => group.GroupName,
      "owner-id": (group) => group.OwnerId,
      "primary-vpc-id": (group) => group.PrimaryVpcId,
    },
  },
  page: { minimum: 5, maximum: 1000 },
  output: (rows, nextToken) => ({ SecurityGroupForVpcs: [...rows], ...nextTokenField(nextToken) }),
});
