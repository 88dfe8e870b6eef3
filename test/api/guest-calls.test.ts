/** Calls that guests make by way of their hosts: by an endpoint, or by the services' public address. */
import { EC2 } from "@aws-sdk/client-ec2";
import { STS } from "@aws-sdk/client-sts";
import { expect, test } from "vitest";
import { createAccessKey } from "../../src/iam/access-key.ts";
import { rootArn } from "../../src/iam/identity.ts";
import { openGuestDoor } from "./guest-door.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { account, powerlessKey, refusal, region, secretKey } from "./test-server.ts";
import { makeVpc } from "./vpc-parts.ts";

const policy = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const everything = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** The account's root key: that the account is open counts on this machine only. */
function makeRootKey(server: StaffedServer): Promise<Credentials> {
  return server.write(async (tx) => {
    const { row, secret } = await createAccessKey(tx, secretKey, { account, arn: rootArn(account), userId: account }, server.parts.random, 0);
    return { accessKeyId: row.id, secretAccessKey: secret };
  });
}

function clientsAt(endpoint: string, credentials: Credentials): { readonly ec2: EC2; readonly sts: STS } {
  const settings = { endpoint, region, maxAttempts: 1, credentials };
  return { ec2: new EC2(settings), sts: new STS(settings) };
}

const powerless = { accessKeyId: powerlessKey, secretAccessKey: "test" };

async function makeEndpoint(server: StaffedServer, PolicyDocument?: string) {
  const { ec2, vpcId: VpcId, subnetId } = await makeVpc(server);
  const { VpcEndpoint: made } = await ec2.createVpcEndpoint({ VpcId, VpcEndpointType: "Interface", ServiceName: "com.amazonaws.us-east-1.ec2", SubnetIds: [subnetId], PrivateDnsEnabled: false, PolicyDocument });
  return { ec2, VpcId, VpcEndpointId: made?.VpcEndpointId ?? "", interfaceId: made?.NetworkInterfaceIds?.[0] ?? "" };
}

async function allow(server: StaffedServer, Condition: object): Promise<void> {
  await server.iam().putUserPolicy({ UserName: "powerless", PolicyName: "only", PolicyDocument: policy({ Effect: "Allow", Action: "ec2:DescribeVpcs", Resource: "*", Condition }) });
}

test("What an endpoint's policy does not allow is refused to whoever calls by it, also to root, and to nobody else", async () => {
  await using server = await openStaffedServer();
  await using door = await openGuestDoor(server);
  const { ec2: direct, VpcEndpointId, interfaceId } = await makeEndpoint(server, policy({ ...everything, Action: "ec2:Describe*" }));
  const { ec2 } = clientsAt(await door.openInterface(interfaceId), await makeRootKey(server));
  expect((await ec2.describeVpcs({})).Vpcs).toHaveLength(2);
  expect(await refusal(ec2.createKeyPair({ KeyName: "mine" }))).toMatchObject({ code: "UnauthorizedOperation", message: expect.stringContaining("because no VPC endpoint policy allows the ec2:CreateKeyPair action") });
  await direct.createKeyPair({ KeyName: "mine" });
  const named = { ...everything, Principal: { AWS: account } };
  await direct.modifyVpcEndpoint({ VpcEndpointId, PolicyDocument: policy(named, { ...everything, Effect: "Deny", Action: "ec2:DescribeVpcs" }) });
  expect(await refusal(ec2.describeVpcs({}))).toMatchObject({ message: expect.stringContaining("with an explicit deny in a VPC endpoint policy") });
  await ec2.deleteKeyPair({ KeyName: "mine" });
});

test("An endpoint's policy gives nothing that the caller's own policies do not", async () => {
  await using server = await openStaffedServer();
  await using door = await openGuestDoor(server);
  const { interfaceId } = await makeEndpoint(server, policy(everything));
  expect(await refusal(clientsAt(await door.openInterface(interfaceId), powerless).ec2.describeVpcs({}))).toMatchObject({ message: expect.stringContaining("because no identity-based policy allows") });
});

test("Policies can ask for the endpoint, the VPC and the private address that a call comes by", async () => {
  await using server = await openStaffedServer();
  await using door = await openGuestDoor(server);
  const { VpcId, VpcEndpointId, interfaceId } = await makeEndpoint(server);
  const [byEndpoint, byAddress, direct] = [clientsAt(await door.openInterface(interfaceId), powerless).ec2, clientsAt(door.publicUrl, powerless).ec2, server.ec2(powerlessKey)];
  const waysWith = async (condition: object) => {
    await allow(server, condition);
    const outcomes = await Promise.all([byEndpoint, byAddress, direct].map((ec2) => ec2.describeVpcs({}).then(() => true, () => false)));
    return outcomes.map((allowed) => (allowed ? "allowed" : "denied"));
  };
  expect(await waysWith({ StringEquals: { "aws:SourceVpce": VpcEndpointId } })).toEqual(["allowed", "denied", "denied"]);
  expect(await waysWith({ StringEquals: { "aws:SourceVpc": VpcId }, IpAddress: { "aws:VpcSourceIp": "127.0.0.1/32" } })).toEqual(["allowed", "denied", "denied"]);
  expect(await waysWith({ IpAddress: { "aws:SourceIp": "127.0.0.1/32" } })).toEqual(["denied", "allowed", "allowed"]);
});

test("An endpoint is for its own service only, and for none once it is deleted", async () => {
  await using server = await openStaffedServer();
  await using door = await openGuestDoor(server);
  const { ec2: direct, VpcEndpointId, interfaceId } = await makeEndpoint(server);
  const rootKey = await makeRootKey(server);
  const { ec2, sts } = clientsAt(await door.openInterface(interfaceId), rootKey);
  expect(await refusal(sts.getCallerIdentity({}))).toMatchObject({ code: "SignatureDoesNotMatch", message: expect.stringContaining("'ec2'") });
  expect((await clientsAt(door.publicUrl, rootKey).sts.getCallerIdentity({})).Account).toBe(account);
  await direct.deleteVpcEndpoints({ VpcEndpointIds: [VpcEndpointId] });
  expect(await refusal(ec2.describeVpcs({}))).toMatchObject({ status: 503 });
});

test("An account that is open to this machine is not to its guests, whoever has called before", async () => {
  await using server = await openStaffedServer();
  await using door = await openGuestDoor(server);
  await server.ec2().describeVpcs({});
  const { ec2 } = clientsAt(door.publicUrl, { accessKeyId: account, secretAccessKey: "test" });
  expect(await refusal(ec2.describeVpcs({}))).toMatchObject({ code: "AuthFailure" });
});
