import { ownedRows } from "../../compute/owned-rows.ts";
import { missingParameter } from "../../base/api-error.ts";
import { defineAction } from "../action.ts";

/** The VPCs on the other side of a peering connection whose groups name one of these. There are no peering connections yet. */
export const DescribeSecurityGroupReferences = defineAction({
  name: "DescribeSecurityGroupReferences",
  supported: "whole; there are no peering connections yet, so always empty",
  readOnly: true,
  load: async ({ input, caller, tx }) => {
    if ((input.GroupId ?? []).length === 0) throw missingParameter("groupId");
    await ownedRows(tx, "security_groups", caller, input.GroupId);
  },
  authorize: () => [{ action: "ec2:DescribeSecurityGroupReferences", resource: "*" }],
  apply: () => ({ SecurityGroupReferenceSet: [] }),
});
