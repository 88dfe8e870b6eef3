/** What all Describe actions have in common, tried on each: ids, other accounts' things, paging, filters, dry run. */
import type { EC2 } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { launchOne, type Launched } from "./launch-one.ts";
import { codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";
import { askForPeering } from "./vpc-parts.ts";

/** Calls an action whose input the table below gives as plain data. */
function call(client: EC2, name: string, input: object): Promise<object> {
  const method: unknown = Reflect.get(client, `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
  if (typeof method !== "function") throw new Error(`the client has no ${name}`);
  return method.call(client, input);
}

interface Described {
  readonly name: string;
  /** The input's member for ids, and an id of this kind. */
  readonly ids: string;
  readonly prefix: string;
  readonly malformed: string;
  readonly notFound: string;
  /** The output's member, and an id's member in each of its things. */
  readonly output: string;
  readonly id: string;
  /** Whether MaxResults exists. */
  readonly pages?: boolean;
  /** The input's member for filters, where it is not `Filters`. */
  readonly filters?: string;
}

const described: readonly Described[] = [
  { name: "DescribeInstanceStatus", ids: "InstanceIds", prefix: "i", malformed: "InvalidInstanceID.Malformed", notFound: "InvalidInstanceID.NotFound", output: "InstanceStatuses", id: "InstanceId", pages: true },
  { name: "DescribeInstanceCreditSpecifications", ids: "InstanceIds", prefix: "i", malformed: "InvalidInstanceID.Malformed", notFound: "InvalidInstanceID.NotFound", output: "InstanceCreditSpecifications", id: "InstanceId", pages: true },
  { name: "DescribeVolumes", ids: "VolumeIds", prefix: "vol", malformed: "InvalidVolumeID.Malformed", notFound: "InvalidVolume.NotFound", output: "Volumes", id: "VolumeId", pages: true },
  { name: "DescribeVolumeStatus", ids: "VolumeIds", prefix: "vol", malformed: "InvalidVolumeID.Malformed", notFound: "InvalidVolume.NotFound", output: "VolumeStatuses", id: "VolumeId", pages: true },
  { name: "DescribeNetworkInterfaces", ids: "NetworkInterfaceIds", prefix: "eni", malformed: "InvalidNetworkInterfaceId.Malformed", notFound: "InvalidNetworkInterfaceID.NotFound", output: "NetworkInterfaces", id: "NetworkInterfaceId", pages: true },
  { name: "DescribeVpcs", ids: "VpcIds", prefix: "vpc", malformed: "InvalidVpcID.Malformed", notFound: "InvalidVpcID.NotFound", output: "Vpcs", id: "VpcId", pages: true },
  { name: "DescribeSubnets", ids: "SubnetIds", prefix: "subnet", malformed: "InvalidSubnetID.Malformed", notFound: "InvalidSubnetID.NotFound", output: "Subnets", id: "SubnetId", pages: true },
  { name: "DescribeSecurityGroups", ids: "GroupIds", prefix: "sg", malformed: "InvalidGroupId.Malformed", notFound: "InvalidGroup.NotFound", output: "SecurityGroups", id: "GroupId", pages: true },
  { name: "DescribeSecurityGroupRules", ids: "SecurityGroupRuleIds", prefix: "sgr", malformed: "InvalidSecurityGroupRuleId.Malformed", notFound: "InvalidSecurityGroupRuleId.NotFound", output: "SecurityGroupRules", id: "SecurityGroupRuleId", pages: true },
  { name: "DescribeInternetGateways", ids: "InternetGatewayIds", prefix: "igw", malformed: "InvalidInternetGatewayId.Malformed", notFound: "InvalidInternetGatewayID.NotFound", output: "InternetGateways", id: "InternetGatewayId", pages: true },
  { name: "DescribeRouteTables", ids: "RouteTableIds", prefix: "rtb", malformed: "InvalidRouteTableId.Malformed", notFound: "InvalidRouteTableID.NotFound", output: "RouteTables", id: "RouteTableId", pages: true },
  { name: "DescribeNetworkAcls", ids: "NetworkAclIds", prefix: "acl", malformed: "InvalidNetworkAclId.Malformed", notFound: "InvalidNetworkAclID.NotFound", output: "NetworkAcls", id: "NetworkAclId", pages: true },
  { name: "DescribeDhcpOptions", ids: "DhcpOptionsIds", prefix: "dopt", malformed: "InvalidDhcpOptionsId.Malformed", notFound: "InvalidDhcpOptionID.NotFound", output: "DhcpOptions", id: "DhcpOptionsId", pages: true },
  { name: "DescribeNatGateways", ids: "NatGatewayIds", prefix: "nat", malformed: "NatGatewayMalformed", notFound: "NatGatewayNotFound", output: "NatGateways", id: "NatGatewayId", pages: true, filters: "Filter" },
  { name: "DescribeFlowLogs", ids: "FlowLogIds", prefix: "fl", malformed: "InvalidParameterValue", notFound: "InvalidFlowLogId.NotFound", output: "FlowLogs", id: "FlowLogId", pages: true, filters: "Filter" },
  { name: "DescribeVpcPeeringConnections", ids: "VpcPeeringConnectionIds", prefix: "pcx", malformed: "InvalidVpcPeeringConnectionId.Malformed", notFound: "InvalidVpcPeeringConnectionID.NotFound", output: "VpcPeeringConnections", id: "VpcPeeringConnectionId", pages: true },
  { name: "DescribeKeyPairs", ids: "KeyPairIds", prefix: "key", malformed: "InvalidParameterValue", notFound: "InvalidKeyPair.NotFound", output: "KeyPairs", id: "KeyPairId" },
];

/** An account with one of everything. */
async function furnish(server: Awaited<ReturnType<typeof openTestServer>>): Promise<Launched> {
  const launched = await launchOne(server);
  await server.reportRunning(launched.instance);
  await server.ec2().createKeyPair({ KeyName: "mine", KeyType: "ed25519" });
  await server.ec2().createNatGateway({ SubnetId: launched.subnetId, ConnectivityType: "private" });
  await server.ec2().createFlowLogs({ ResourceIds: [launched.subnetId], ResourceType: "Subnet", TrafficType: "ALL", LogDestinationType: "s3", LogDestination: "arn:aws:s3:::flows" });
  const [one, other] = [await server.ec2().createVpc({ CidrBlock: "10.1.0.0/16" }), await server.ec2().createVpc({ CidrBlock: "10.2.0.0/16" })];
  await askForPeering(server.ec2(), one.Vpc?.VpcId ?? "", other.Vpc?.VpcId);
  return launched;
}

async function idsFrom(client: EC2, { name, output, id }: Described, input: object = {}): Promise<string[]> {
  const things: unknown = Reflect.get(await call(client, name, input), output);
  if (!Array.isArray(things)) throw new Error(`${name} answers no ${output}`);
  return things.map((thing: object) => String(Reflect.get(thing, id)));
}

describe("Every Describe action", () => {
  test("shows the account's own things, by their ids too, and to nobody else", async () => {
    await using server = await openTestServer();
    await furnish(server);
    const [mine, theirs] = [server.ec2(), server.ec2(otherAccount)];
    for (const each of described) {
      const ids = await idsFrom(mine, each);
      expect([each.name, ids.length > 0]).toEqual([each.name, true]);
      expect([each.name, ...(await idsFrom(mine, each, { [each.ids]: [ids[0]] }))]).toEqual([each.name, ids[0]]);
      expect([each.name, await codeOf(call(theirs, each.name, { [each.ids]: [ids[0]] }))]).toEqual([each.name, each.notFound]);
      expect([each.name, ...(await idsFrom(theirs, each)).filter((id) => ids.includes(id))]).toEqual([each.name]);
      expect([each.name, await codeOf(call(server.ec2(undefined, "eu-west-1"), each.name, { [each.ids]: [ids[0]] }))]).toEqual([each.name, each.notFound]);
    }
  });

  test("tells ids that are none from ids of nothing, and a dry run from both", async () => {
    await using server = await openTestServer();
    const ec2 = server.ec2();
    const answers: Record<string, string[]> = {};
    for (const { name, ids, prefix } of described) {
      const ask = (input: object) => codeOf(call(ec2, name, input));
      answers[name] = [await ask({ [ids]: ["nonsense"] }), await ask({ [ids]: [`${prefix}-0123456789abcdef0`] }), await ask({ DryRun: true })];
    }
    expect(answers).toEqual(Object.fromEntries(described.map(({ name, malformed, notFound }) => [name, [malformed, notFound, "DryRunOperation"]])));
  });

  test("refuses filters that it does not know, and page sizes out of bounds or beside ids", async () => {
    await using server = await openTestServer();
    const ec2 = server.ec2();
    for (const { name, ids, prefix, pages, filters = "Filters" } of described) {
      const { code, message } = await refusal(call(ec2, name, { [filters]: [{ Name: "no-such-filter", Values: ["x"] }] }));
      expect([name, code, message]).toEqual([name, "InvalidParameterValue", "The filter 'no-such-filter' is invalid"]);
      if (pages !== true) continue;
      const ask = (input: object) => codeOf(call(ec2, name, input));
      const beside = { MaxResults: 5, [ids]: [`${prefix}-0123456789abcdef0`] };
      expect([name, await ask({ MaxResults: 4 }), await ask({ MaxResults: 1001 }), await ask({ NextToken: "made-up" }), await ask(beside)]).toEqual([
        name,
        "InvalidParameterValue",
        "InvalidParameterValue",
        "InvalidNextToken",
        "InvalidParameterCombination",
      ]);
    }
  });

  test("shows everything once over several pages", async () => {
    await using server = await openTestServer();
    await launchOne(server, { InstanceType: "t3.nano", MinCount: 12, MaxCount: 12 });
    for (const name of ["DescribeVolumes", "DescribeNetworkInterfaces", "DescribeSubnets"]) {
      const each = described.find((one) => one.name === name);
      if (each === undefined) throw new Error(`${name} is missing above`);
      const pages: string[][] = [];
      let NextToken: string | undefined;
      do {
        const page = await call(server.ec2(), name, { MaxResults: 5, ...(NextToken === undefined ? {} : { NextToken }) });
        pages.push((Reflect.get(page, each.output) as object[]).map((thing) => String(Reflect.get(thing, each.id))));
        NextToken = Reflect.get(page, "NextToken") as string | undefined;
      } while (NextToken !== undefined);
      const all = pages.flat();
      const whole = await idsFrom(server.ec2(), each);
      expect([name, pages.slice(0, -1).every((page) => page.length === 5), all]).toEqual([name, true, whole]);
    }
  });
});
