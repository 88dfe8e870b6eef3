/**
 * Guests call the API that made them, by the names that every SDK knows and with the credentials of their role: from where routes lead to the internet, and by an
 * endpoint where none do. The one without a way out is spoken to by way of the other.
 */
import type { EC2 } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInstance } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";
import { makeRole } from "../installation/role.ts";
import { answerPort, everywhere, VpcGuests, type Place } from "../installation/vpc-guests.ts";

const soon = { interval: 200 };
const regional = "ec2.us-east-1.amazonaws.com";
let installation: TestInstallation;
let guests: VpcGuests;
let ec2: EC2;
let place: Place;
let [outer, inner, innerAddress, innerSubnet] = ["", "", "", ""];
let [outerGroup, innerGroup, endpointGroup] = ["", "", ""];

beforeAll(async () => {
  installation = await bringUp({ withSsh: false });
  guests = await VpcGuests.open(installation);
  ({ ec2 } = guests);
  place = await guests.defaultSubnet("us-east-1a");
  await makeRole(installation, "caller", ["ec2:DescribeInstances", "ec2:DescribeVpcs"]);
  innerSubnet = await makeInnerSubnet();
  outerGroup = await guests.createGroup("outer", place.vpc, { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: everywhere }] });
  innerGroup = await guests.createGroup("inner", place.vpc, { IpProtocol: "tcp", FromPort: answerPort, ToPort: answerPort, UserIdGroupPairs: [{ GroupId: outerGroup }] });
  const profile = { IamInstanceProfile: { Name: "caller" } };
  outer = await guests.launch("outer", "paravirtual", { ...profile, SubnetId: place.subnet, SecurityGroupIds: [outerGroup] });
  inner = await guests.launchAnswering("exec sh 2>\\&1", "paravirtual", { ...profile, SubnetId: innerSubnet, SecurityGroupIds: [innerGroup] });
  innerAddress = await guests.privateAddress(inner);
  await guests.untilAnswering([outer]);
  await eventually("the guest without a way out", async () => ((await inInner("echo here")) === "here" ? true : undefined));
});

afterAll(async () => {
  guests?.[Symbol.dispose]();
  await installation?.[Symbol.asyncDispose]();
});

/** Without any route but to the VPC itself. */
async function makeInnerSubnet(): Promise<string> {
  const { Subnet: { SubnetId = "" } = {} } = await ec2.createSubnet({ VpcId: place.vpc, CidrBlock: "172.31.128.0/24", AvailabilityZone: "us-east-1b" });
  const { RouteTable: table } = await ec2.createRouteTable({ VpcId: place.vpc });
  await ec2.associateRouteTable({ RouteTableId: table?.RouteTableId, SubnetId });
  return SubnetId;
}

/** A call as any client makes it: the name from the resolver, the credentials from metadata, a signature, TLS. Says what came back, or what went wrong. */
function calling(action: string, { service = "ec2", host = regional, version = "2016-11-15" } = {}): string {
  return [
    "m=http://169.254.169.254/latest",
    `t=$(curl -sX PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" $m/api/token)`,
    `c=$(curl -sH "X-aws-ec2-metadata-token: $t" $m/meta-data/iam/security-credentials/caller)`,
    String.raw`of() { echo "$c" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }`,
    `curl -sS -m 5 --aws-sigv4 aws:amz:us-east-1:${service} --user "$(of AccessKeyId):$(of SecretAccessKey)" -H "x-amz-security-token: $(of Token)" -d "Action=${action}&Version=${version}" https://${host}/ 2>&1`,
  ].join("\n");
}

function inOuter(command: string): Promise<string> {
  return guests.run(outer, `echo ${Buffer.from(command).toString("base64")} | base64 -d | sh`).catch((thrown: { readonly stdout?: string }) => thrown.stdout ?? "");
}

function inInner(command: string): Promise<string> {
  return inOuter(`echo ${Buffer.from(`${command}\n`).toString("base64")} | base64 -d | nc -w 20 ${innerAddress} ${answerPort}`);
}

const unreachable = /curl: \((?:7|28)\)/;

test("A guest with a way to the internet calls the services by their public names, as its role, and may do what that may", async () => {
  await expect.poll(() => inOuter(calling("DescribeInstances")), soon).toContain(`<instanceId>${outer}</instanceId>`);
  await expect.poll(() => inOuter(calling("CreateKeyPair&KeyName=mine")), soon).toMatch(/<Code>UnauthorizedOperation<.*because no identity-based policy allows the ec2:CreateKeyPair action/);
  const asked = { service: "sts", host: "sts.us-east-1.amazonaws.com", version: "2011-06-15" };
  await expect.poll(() => inOuter(calling("GetCallerIdentity", asked)), soon).toContain(`:assumed-role/caller/${outer}</Arn>`);
});

test("One without reaches them by an endpoint only, if its group lets it in, and may do what the endpoint's policy allows too", async () => {
  expect(await inInner(calling("DescribeInstances"))).toMatch(unreachable);
  endpointGroup = await guests.createGroup("endpoint", place.vpc, { IpProtocol: "tcp", FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: outerGroup }] });
  const { VpcEndpoint: made } = await ec2.createVpcEndpoint({ VpcId: place.vpc, VpcEndpointType: "Interface", ServiceName: "com.amazonaws.us-east-1.ec2", SubnetIds: [innerSubnet], SecurityGroupIds: [endpointGroup] });
  const VpcEndpointIds = [made?.VpcEndpointId ?? ""];
  const state = async () => (await ec2.describeVpcEndpoints({ VpcEndpointIds })).VpcEndpoints?.[0]?.State;
  await expect.poll(state, soon).toBe("available");
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "requester-managed", Values: ["true"] }] });
  const address = nic?.PrivateIpAddress ?? "";
  await expect.poll(() => inInner(`nslookup ${regional}`), soon).toContain(address);
  expect(await inInner(calling("DescribeInstances"))).toMatch(unreachable);
  expect(await guests.whatStops(inner, `${nic?.NetworkInterfaceId}:443`)).toMatchObject({ hop: "security-group-in", at: endpointGroup });
  await expect.poll(() => inOuter(calling("DescribeInstances")), soon).toContain(`<instanceId>${inner}</instanceId>`);

  await ec2.authorizeSecurityGroupIngress({ GroupId: endpointGroup, IpPermissions: [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: innerGroup }] }] });
  await expect.poll(() => inInner(calling("DescribeVpcs")), soon).toContain(`<vpcId>${place.vpc}</vpcId>`);
  const only = { Effect: "Allow", Principal: "*", Action: "ec2:DescribeInstances", Resource: "*", Condition: { IpAddress: { "aws:VpcSourceIp": `${innerAddress}/32` } } };
  await ec2.modifyVpcEndpoint({ VpcEndpointId: VpcEndpointIds[0], PolicyDocument: JSON.stringify({ Statement: only }) });
  await expect.poll(() => inInner(calling("DescribeInstances")), soon).toContain(`<instanceId>${inner}</instanceId>`);
  await expect.poll(() => inInner(calling("DescribeVpcs")), soon).toContain("because no VPC endpoint policy allows the ec2:DescribeVpcs action");
  await expect.poll(() => inOuter(calling("DescribeInstances")), soon).toContain("because no VPC endpoint policy allows the ec2:DescribeInstances action");

  await ec2.deleteVpcEndpoints({ VpcEndpointIds });
  await expect.poll(() => state().catch((thrown: Error) => thrown.name), soon).toBe("InvalidVpcEndpointId.NotFound");
  await expect.poll(() => inInner(calling("DescribeInstances")), soon).toMatch(unreachable);
});

test("Guests reach nothing else at the services' address, and the services by no other name of the machine", async () => {
  const { PublicIpAddress: own = "" } = await describeInstance(installation, outer);
  const lookUp = () => inOuter(`nslookup sts.amazonaws.com | grep -v "#" | sed -n "s/^Address.*: //p" | tail -n 1`);
  await expect.poll(async () => (await lookUp()).split(".").slice(0, 2), soon).toEqual(own.split(".").slice(0, 2));
  const services = (await lookUp()).trim();
  const { port } = new URL(installation.profile.url);
  expect(await inOuter(`for p in 22 ${port}; do nc -w 1 ${services} $p < /dev/null && echo open $p; done; curl -sS -m 5 http://${services}/metrics 2>&1 | head -c 200`)).not.toMatch(/open|hostelry_/);
});
