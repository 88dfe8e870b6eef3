import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { hvmImage } from "./seed.ts";
import { codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";

test("Tags go on resources of every kind, and are shown with them and in DescribeTags", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const launched = await launchOne(server);
  const { KeyPairId: keyPair = "" } = await ec2.createKeyPair({ KeyName: "me", KeyType: "ed25519" });
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({});
  const { SecurityGroupRules: [rule] = [] } = await ec2.describeSecurityGroupRules({});
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
  const { InternetGateways: [gateway] = [] } = await ec2.describeInternetGateways({});
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({});
  const { NetworkAcls: [acl] = [] } = await ec2.describeNetworkAcls({});
  const { NatGateway: natGateway } = await ec2.createNatGateway({ SubnetId: launched.subnetId, ConnectivityType: "private" });
  const { FlowLogIds: [flowLog = ""] = [] } = await ec2.createFlowLogs({ ResourceIds: [launched.vpcId], ResourceType: "VPC", TrafficType: "ALL", LogDestinationType: "s3", LogDestination: "arn:aws:s3:::flows" });
  const resources: Record<string, string> = {
    "dhcp-options": vpc?.DhcpOptionsId ?? "",
    instance: launched.instance,
    "internet-gateway": gateway?.InternetGatewayId ?? "",
    "key-pair": keyPair,
    natgateway: natGateway?.NatGatewayId ?? "",
    "network-acl": acl?.NetworkAclId ?? "",
    "network-interface": launched.networkInterface,
    "route-table": table?.RouteTableId ?? "",
    "security-group": group?.GroupId ?? "",
    "security-group-rule": rule?.SecurityGroupRuleId ?? "",
    subnet: launched.subnetId,
    volume: launched.volume,
    vpc: launched.vpcId,
    "vpc-flow-log": flowLog,
  };
  await ec2.createTags({ Resources: Object.values(resources), Tags: [{ Key: "team", Value: "blue" }] });
  const { Tags: tags = [] } = await ec2.describeTags({ Filters: [{ Name: "key", Values: ["team"] }] });
  expect(Object.fromEntries(tags.map((tag) => [tag.ResourceType, tag.ResourceId]))).toEqual(resources);
  const filter = { Filters: [{ Name: "tag:team", Values: ["blu?e"] }] };
  const counts = [
    (await ec2.describeInstances(filter)).Reservations,
    (await ec2.describeVolumes(filter)).Volumes,
    (await ec2.describeNetworkInterfaces(filter)).NetworkInterfaces,
    (await ec2.describeVpcs(filter)).Vpcs,
    (await ec2.describeSubnets(filter)).Subnets,
    (await ec2.describeSecurityGroups(filter)).SecurityGroups,
    (await ec2.describeSecurityGroupRules(filter)).SecurityGroupRules,
    (await ec2.describeInternetGateways(filter)).InternetGateways,
    (await ec2.describeRouteTables(filter)).RouteTables,
    (await ec2.describeNetworkAcls(filter)).NetworkAcls,
    (await ec2.describeDhcpOptions(filter)).DhcpOptions,
    (await ec2.describeNatGateways({ Filter: filter.Filters })).NatGateways,
    (await ec2.describeFlowLogs({ Filter: filter.Filters })).FlowLogs,
    (await ec2.describeKeyPairs(filter)).KeyPairs,
  ].map((list) => list?.length);
  expect(counts).toEqual(Array.from({ length: 14 }, () => 1));
});

test("CreateTags overwrites, and DeleteTags deletes by key, by value, or all", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { instance } = await launchOne(server);
  const tags = async () => Object.fromEntries(((await ec2.describeTags({})).Tags ?? []).map((tag) => [tag.Key, tag.Value]));
  const Resources = [instance];
  await ec2.createTags({ Resources, Tags: [{ Key: "a", Value: "1" }, { Key: "b", Value: "2" }, { Key: "c" }, { Key: "d", Value: "4" }] });
  await ec2.createTags({ Resources, Tags: [{ Key: "a", Value: "one" }] });
  expect(await tags()).toEqual({ a: "one", b: "2", c: "", d: "4" });
  await ec2.deleteTags({ Resources, Tags: [{ Key: "a", Value: "1" }, { Key: "b", Value: "2" }, { Key: "c", Value: "" }] });
  expect(await tags()).toEqual({ a: "one", d: "4" });
  await ec2.deleteTags({ Resources, Tags: [{ Key: "a" }] });
  expect(await tags()).toEqual({ d: "4" });
  await ec2.deleteTags({ Resources });
  await ec2.deleteTags({ Resources });
  expect(await tags()).toEqual({});
});

test("DescribeTags pages", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { instance } = await launchOne(server);
  await ec2.createTags({ Resources: [instance], Tags: Array.from({ length: 7 }, (_, index) => ({ Key: `k${index}`, Value: "v" })) });
  const first = await ec2.describeTags({ MaxResults: 5 });
  const second = await ec2.describeTags({ MaxResults: 5, NextToken: first.NextToken });
  expect([...(first.Tags ?? []), ...(second.Tags ?? [])].map((tag) => tag.Key)).toEqual(["k0", "k1", "k2", "k3", "k4", "k5", "k6"]);
  expect([second.NextToken, await codeOf(ec2.describeTags({ MaxResults: 6, NextToken: first.NextToken, Filters: [{ Name: "key", Values: ["k*"] }] }))]).toEqual([undefined, "InvalidNextToken"]);
});

test("Tags that cannot be are refused, for one bad resource all of them", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { instance } = await launchOne(server, { MetadataOptions: { InstanceMetadataTags: "enabled" } });
  await server.ec2(otherAccount).describeVpcs({});
  const before = await server.dump();
  const put = (Resources: string[], ...Tags: { Key: string; Value: string }[]) => codeOf(ec2.createTags({ Resources, Tags }));
  const good = { Key: "a", Value: "b" };
  const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "" }));
  expect({
    unknown: await refusal(ec2.createTags({ Resources: [instance, "i-0123456789abcdef0"], Tags: [good] })),
    unknownVolume: await put(["vol-0123456789abcdef0"], good),
    unknownRule: await put(["sgr-0123456789abcdef0"], good),
    noId: await put([instance, "everything"], good),
    publicImage: await put([hvmImage], good),
    reserved: await put([instance], { Key: "aws:a", Value: "" }),
    tooMany: await put([instance], ...many),
    twice: await put([instance], good, good),
    longKey: await put([instance], { Key: "k".repeat(129), Value: "" }),
    longValue: await put([instance], { Key: "k", Value: "v".repeat(257) }),
    noPath: await put([instance], { Key: "a/b", Value: "" }),
    noTags: await put([instance]),
    noResources: await put([], good),
    dryRun: await codeOf(ec2.createTags({ Resources: [instance], Tags: [good], DryRun: true })),
    foreign: await codeOf(server.ec2(otherAccount).createTags({ Resources: [instance], Tags: [good] })),
    foreignDelete: await codeOf(server.ec2(otherAccount).deleteTags({ Resources: [instance] })),
    reservedDelete: await codeOf(ec2.deleteTags({ Resources: [instance], Tags: [{ Key: "aws:a" }] })),
    dryDelete: await codeOf(ec2.deleteTags({ Resources: [instance], DryRun: true })),
  }).toEqual({
    unknown: { code: "InvalidInstanceID.NotFound", message: "The instance ID 'i-0123456789abcdef0' does not exist", status: 400 },
    unknownVolume: "InvalidVolume.NotFound",
    unknownRule: "InvalidSecurityGroupRuleId.NotFound",
    noId: "InvalidID",
    publicImage: "InvalidAMIID.NotFound",
    reserved: "InvalidParameterValue",
    tooMany: "TagLimitExceeded",
    twice: "InvalidParameterValue",
    longKey: "InvalidParameterValue",
    longValue: "InvalidParameterValue",
    noPath: "InvalidParameterValue",
    noTags: "MissingParameter",
    noResources: "MissingParameter",
    dryRun: "DryRunOperation",
    foreign: "InvalidInstanceID.NotFound",
    foreignDelete: "InvalidInstanceID.NotFound",
    reservedDelete: "InvalidParameterValue",
    dryDelete: "DryRunOperation",
  });
  expect(await server.dump()).toBe(before);
});
