/**
 * Policies that every account has, under AWS's names and ARNs, as far as people use them with what is here. Each allows what its namesake allows of the
 * services of this installation; what it says of other services is left out where nothing here could ask for it.
 */

export interface AwsManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly id: string;
  readonly description: string;
  /** JSON. */
  readonly document: string;
}

const readEc2 = ["ec2:Describe*", "ec2:Get*", "ec2:List*", "ec2:Search*", "ec2:Export*"];
const readIam = ["iam:Get*", "iam:List*", "iam:Generate*", "iam:Simulate*"];
const readNetwork = ["ec2:DescribeVpc*", "ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeInternetGateways", "ec2:DescribeEgressOnlyInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeNetwork*", "ec2:DescribeSecurityGroup*", "ec2:DescribeStaleSecurityGroups", "ec2:DescribeDhcpOptions", "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeAccountAttributes", "ec2:DescribePrefixLists", "ec2:DescribeManagedPrefixLists", "ec2:DescribeFlowLogs", "ec2:DescribeTags", "ec2:GetSecurityGroupsForVpc"];
const networkNouns = ["Vpc", "VpcAttribute", "VpcCidrBlock", "Subnet", "SubnetAttribute", "SubnetCidrBlock", "DefaultVpc", "DefaultSubnet", "Route", "RouteTable", "RouteTableAssociation", "InternetGateway", "NatGateway", "NetworkAcl", "NetworkAclEntry", "NetworkAclAssociation", "NetworkInterface", "NetworkInterfaceAttribute", "SecurityGroup", "SecurityGroupRules", "SecurityGroupIngress", "SecurityGroupEgress", "SecurityGroupRuleDescriptionsIngress", "SecurityGroupRuleDescriptionsEgress", "DhcpOptions", "Address", "PrivateIpAddresses", "Tags", "FlowLogs"];
const changeNetwork = networkNouns.map((noun) => `ec2:*${noun}`);

export const awsManagedPolicies: readonly AwsManagedPolicy[] = [
  define("AdministratorAccess", "Everything.", { Action: "*" }),
  define("PowerUserAccess", "Everything but the management of users and groups.", { NotAction: ["iam:*", "organizations:*", "account:*"] }, { Action: ["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeOrganization", "account:ListRegions", "account:GetAccountInformation"] }),
  define("ReadOnlyAccess", "Reading of everything.", { Action: [...readEc2, ...readIam, "ebs:Get*", "ebs:List*", "ssm:Describe*", "ssm:Get*", "ssm:List*", "sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetSessionToken", "cloudtrail:LookupEvents"] }),
  define("job-function/ViewOnlyAccess", "Lists of resources and their metadata.", { Action: ["ec2:Describe*", "iam:List*", "iam:GetAccountSummary", "ssm:Describe*", "ssm:List*"] }),
  define("SecurityAudit", "Reading of what matters to security.", { Action: ["ec2:Describe*", "ec2:Get*", ...readIam, "ebs:List*", "ssm:Describe*", "ssm:List*"] }),
  define("IAMFullAccess", "Everything in IAM.", { Action: ["iam:*"] }),
  define("IAMReadOnlyAccess", "Reading in IAM.", { Action: readIam }),
  define("IAMUserChangePassword", "Changing of one's own password.", { Action: "iam:ChangePassword", Resource: ["arn:aws:iam::*:user/${aws:username}"] }, { Action: "iam:GetAccountPasswordPolicy" }),
  define("AmazonEC2FullAccess", "Everything in EC2.", { Action: ["ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"] }, { Action: "iam:CreateServiceLinkedRole", Condition: { StringEquals: { "iam:AWSServiceName": ["autoscaling.amazonaws.com", "ec2scheduled.amazonaws.com", "elasticloadbalancing.amazonaws.com", "spot.amazonaws.com", "spotfleet.amazonaws.com", "transitgateway.amazonaws.com"] } } }),
  define("AmazonEC2ReadOnlyAccess", "Reading in EC2.", { Action: ["ec2:Describe*", "ec2:GetSecurityGroupsForVpc", "elasticloadbalancing:Describe*", "cloudwatch:ListMetrics", "cloudwatch:GetMetricStatistics", "cloudwatch:Describe*", "autoscaling:Describe*"] }),
  define("AmazonVPCFullAccess", "Everything about networks.", { Action: [...readNetwork, ...changeNetwork] }),
  define("AmazonVPCReadOnlyAccess", "Reading about networks.", { Action: readNetwork }),
  define("AmazonSSMFullAccess", "Everything in Systems Manager.", { Action: ["ssm:*", "ssmmessages:*", "ec2messages:*", "ec2:DescribeInstanceStatus"] }),
  define("AmazonSSMReadOnlyAccess", "Reading in Systems Manager.", { Action: ["ssm:Describe*", "ssm:Get*", "ssm:List*"] }),
  define("AmazonSSMManagedInstanceCore", "What an instance needs to be managed by Systems Manager.", {
    Action: ["ssm:DescribeAssociation", "ssm:DescribeDocument", "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetDocument", "ssm:GetManifest", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutComplianceItems", "ssm:PutConfigurePackageResult", "ssm:PutInventory", "ssm:UpdateAssociationStatus", "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation", "ssmmessages:*", "ec2messages:*"],
  }),
  define("EC2InstanceConnect", "Logging into instances with EC2 Instance Connect.", { Action: ["ec2:DescribeInstances", "ec2-instance-connect:SendSSHPublicKey"] }),
];

const byArn = new Map(awsManagedPolicies.map((policy) => [policy.arn, policy]));

export function findAwsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  return byArn.get(arn);
}

function define(pathAndName: string, description: string, ...statements: readonly object[]): AwsManagedPolicy {
  const [name = "", ...folders] = pathAndName.split("/").toReversed();
  const document = { Version: "2012-10-17", Statement: statements.map((statement) => ({ Effect: "Allow", Resource: "*", ...statement })) };
  const path = `/${folders.map((folder) => `${folder}/`).join("")}`;
  return { name, path, arn: `arn:aws:iam::aws:policy${path}${name}`, id: idOf(name), description, document: JSON.stringify(document) };
}

/** Always the same for a name: `ANPA` and seventeen letters. */
function idOf(name: string): string {
  const letters = Array.from(name.toUpperCase().replace(/[^A-Z]/g, "")).slice(0, 17).join("");
  return `ANPA${letters.padEnd(17, "A")}`;
}
