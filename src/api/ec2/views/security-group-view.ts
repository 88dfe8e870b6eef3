/** Security groups and their rules as EC2 shows them. */
import type { IpPermission, SecurityGroup, SecurityGroupRule } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import { foldRules } from "../../../network/security-group-rules.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../../../store/network-tables.ts";
import { ec2Arn } from "../../action.ts";
import { toTagViews } from "./tag-view.ts";

export function toSecurityGroupView(row: SecurityGroupRow, rules: readonly SecurityGroupRuleRow[], tags: readonly Tag[] | undefined): SecurityGroup {
  return {
    GroupId: row.id,
    GroupName: row.name,
    Description: row.description,
    OwnerId: row.account,
    VpcId: row.vpc_id,
    SecurityGroupArn: ec2Arn(row, "security-group", row.id),
    IpPermissions: toPermissions(row, rules, false),
    IpPermissionsEgress: toPermissions(row, rules, true),
    Tags: toTagViews(tags),
  };
}

function toPermissions(group: SecurityGroupRow, rules: readonly SecurityGroupRuleRow[], egress: boolean): IpPermission[] {
  return foldRules(rules, egress).map(({ protocol, fromPort, toPort, cidrs, groupIds }) => ({
    IpProtocol: protocol,
    ...(protocol === "-1" ? {} : { FromPort: fromPort ?? -1, ToPort: toPort ?? -1 }),
    UserIdGroupPairs: groupIds.map((id) => ({ GroupId: id, UserId: group.account })),
    IpRanges: cidrs.map((cidr) => ({ CidrIp: cidr })),
    Ipv6Ranges: [],
    PrefixListIds: [],
  }));
}

/** Unlike in a permission, a rule of all protocols shows its ports, as -1. */
export function toSecurityGroupRuleView(group: SecurityGroupRow, row: SecurityGroupRuleRow, tags: readonly Tag[] | undefined): SecurityGroupRule {
  return {
    SecurityGroupRuleId: row.id,
    SecurityGroupRuleArn: ec2Arn(group, "security-group-rule", row.id),
    GroupId: group.id,
    GroupOwnerId: group.account,
    IsEgress: row.egress === 1,
    IpProtocol: row.protocol,
    FromPort: row.from_port ?? -1,
    ToPort: row.to_port ?? -1,
    ...(row.cidr === null ? {} : { CidrIpv4: row.cidr }),
    ...(row.referenced_group_id === null ? {} : { ReferencedGroupInfo: { GroupId: row.referenced_group_id, UserId: group.account } }),
    Tags: toTagViews(tags),
  };
}
