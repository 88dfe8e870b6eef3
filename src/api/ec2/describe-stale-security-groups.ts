import type { StaleSecurityGroup } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** The VPC's groups with a rule that names a group behind a peering connection which is gone. There are no peering connections yet. */
export const DescribeStaleSecurityGroups = defineDescribe({
  name: "DescribeStaleSecurityGroups",
  supported: "whole; there are no peering connections yet, so always empty",
  list: async ({ input, caller, tx }): Promise<StaleSecurityGroup[]> => {
    await ownedRows(tx, "vpcs", caller, [input.VpcId]);
    return [];
  },
  key: (group) => group.GroupId ?? "",
  page: { minimum: 5, maximum: 255 },
  output: (rows, nextToken) => ({ StaleSecurityGroupSet: [...rows], ...nextTokenField(nextToken) }),
});
