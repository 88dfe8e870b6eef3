/** Security groups and their rules as EC2 shows them. */
import type { IpPermission, ReferencedSecurityGroup, RevokedSecurityGroupRule, SecurityGroup, SecurityGroupRule } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import type { GroupReference } from "../../../network/group-references.ts";
import { foldRules, type RuleColumns } from "../../../network/security-group-rules.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../../../store/network-tables.ts";
import { ec2Arn } from "../../action.ts";
import { toTagViews } from "./tag-view.ts";

type References = ReadonlyMap<string, GroupReference>;

export function toSecurityGroupView(row: SecurityGroupRow, rules: readonly SecurityGroupRuleRow[], tags: readonly Tag[] | undefined, references: References): SecurityGroup {
  return {
    GroupId: row.id,
    GroupName: row.name,
    Description: row.description,
    OwnerId: row.account,
    VpcId: row.vpc_id,
    SecurityGroupArn: ec2Arn(row, "security-group", row.id),
    IpPermissions: toPermissions(row, rules, false, references),
    IpPermissionsEgress: toPermissions(row, rules, true, references),
    Tags: toTagViews(tags),
  };
}

/** The rules of a direction as permissions. */
export function toPermissions(group: SecurityGroupRow, rules: readonly RuleColumns[], egress: boolean, references: References = new Map()): IpPermission[] {
  return foldRules(rules, egress).map(({ protocol, fromPort, toPort, rules: same }) => ({
    IpProtocol: protocol,
    ...(protocol === "-1" ? {} : { FromPort: fromPort ?? -1, ToPort: toPort ?? -1 }),
    UserIdGroupPairs: same.flatMap((rule) => (rule.referenced_group_id === null ? [] : { ...toGroupPair(group, rule, rule.referenced_group_id, references), ...described(rule) })),
    IpRanges: same.flatMap((rule) => (rule.cidr === null ? [] : { CidrIp: rule.cidr, ...described(rule) })),
    Ipv6Ranges: same.flatMap((rule) => (rule.ipv6_cidr === null ? [] : { CidrIpv6: rule.ipv6_cidr, ...described(rule) })),
    PrefixListIds: same.flatMap((rule) => (rule.prefix_list_id === null ? [] : { PrefixListId: rule.prefix_list_id, ...described(rule) })),
  }));
}

/** Of a group behind a peering connection also where it is. */
function toGroupPair(group: SecurityGroupRow, { referenced_account: account }: RuleColumns, id: string, references: References): ReferencedSecurityGroup {
  const { vpcId, connection } = references.get(id) ?? {};
  return {
    GroupId: id,
    UserId: account ?? group.account,
    ...(vpcId === undefined ? {} : { VpcId: vpcId }),
    ...(connection === undefined ? {} : { VpcPeeringConnectionId: connection.id, PeeringStatus: connection.state }),
  };
}

function described({ description }: RuleColumns): { readonly Description?: string } {
  return description === null ? {} : { Description: description };
}

/** Unlike in a permission, a rule of all protocols shows its ports, as -1. */
export function toSecurityGroupRuleView(group: SecurityGroupRow, row: SecurityGroupRuleRow, tags: readonly Tag[] | undefined, references: References = new Map()): SecurityGroupRule {
  return {
    ...toRuleBody(group, row),
    SecurityGroupRuleArn: ec2Arn(group, "security-group-rule", row.id),
    GroupOwnerId: group.account,
    ...(row.referenced_group_id === null ? {} : { ReferencedGroupInfo: toGroupPair(group, row, row.referenced_group_id, references) }),
    Tags: toTagViews(tags),
  };
}

export function toRevokedRuleView(group: SecurityGroupRow, row: SecurityGroupRuleRow): RevokedSecurityGroupRule {
  return { ...toRuleBody(group, row), ...(row.referenced_group_id === null ? {} : { ReferencedGroupId: row.referenced_group_id }) };
}

function toRuleBody(group: SecurityGroupRow, row: SecurityGroupRuleRow): RevokedSecurityGroupRule & SecurityGroupRule {
  return {
    SecurityGroupRuleId: row.id,
    GroupId: group.id,
    IsEgress: row.egress === 1,
    IpProtocol: row.protocol,
    FromPort: row.from_port ?? -1,
    ToPort: row.to_port ?? -1,
    ...(row.cidr === null ? {} : { CidrIpv4: row.cidr }),
    ...(row.ipv6_cidr === null ? {} : { CidrIpv6: row.ipv6_cidr }),
    ...(row.prefix_list_id === null ? {} : { PrefixListId: row.prefix_list_id }),
    ...described(row),
  };
}
