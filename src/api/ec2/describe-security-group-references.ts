import { missingParameter } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listNamingVpcs } from "../../network/group-references.ts";
import { defineAction } from "../action.ts";

/** The VPCs on the other side of peering connections whose groups name one of these groups. */
export const DescribeSecurityGroupReferences = defineAction({
  name: "DescribeSecurityGroupReferences",
  supported: "whole",
  readOnly: true,
  load: ({ input, caller, tx }) => {
    if ((input.GroupId ?? []).length === 0) throw missingParameter("groupId");
    return ownedRows(tx, "security_groups", caller, input.GroupId);
  },
  authorize: () => [{ action: "ec2:DescribeSecurityGroupReferences", resource: "*" }],
  apply: async (groups, { tx }) => {
    const naming = await listNamingVpcs(tx, groups);
    return { SecurityGroupReferenceSet: naming.map(({ groupId, vpcId, connection }) => ({ GroupId: groupId, ReferencingVpcId: vpcId, VpcPeeringConnectionId: connection.id })) };
  },
});
