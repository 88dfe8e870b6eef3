/** What tests of security groups begin with: a VPC that is not the default one, and a group in it. */
import type { EC2, SecurityGroup } from "@aws-sdk/client-ec2";
import type { TestServer } from "./test-server.ts";

export interface GroupTest {
  readonly ec2: EC2;
  readonly vpcId: string;
  readonly groupId: string;
  /** The group as DescribeSecurityGroups shows it now. */
  group(): Promise<SecurityGroup | undefined>;
  /** The inbound rules' ids, in the order of their ports. */
  ruleIds(): Promise<string[]>;
}

export async function createGroup(server: TestServer): Promise<GroupTest> {
  const ec2 = server.ec2();
  const { Vpc: vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
  const vpcId = vpc?.VpcId ?? "";
  const { GroupId: groupId = "" } = await ec2.createSecurityGroup({ GroupName: "web", Description: "of the test", VpcId: vpcId });
  return {
    ec2,
    vpcId,
    groupId,
    group: async () => (await ec2.describeSecurityGroups({ GroupIds: [groupId] })).SecurityGroups?.[0],
    ruleIds: async () => {
      const { SecurityGroupRules: rules = [] } = await ec2.describeSecurityGroupRules({ Filters: [{ Name: "group-id", Values: [groupId] }] });
      const inbound = rules.filter((rule) => rule.IsEgress === false).toSorted((a, b) => (a.FromPort ?? 0) - (b.FromPort ?? 0));
      return inbound.map((rule) => rule.SecurityGroupRuleId ?? "");
    },
  };
}

/** A permission for one TCP port. */
export function tcp(port: number, cidr = "0.0.0.0/0") {
  return { IpProtocol: "tcp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: cidr }] };
}
