/** Default deny, for every action there is: a principal whom nothing allows anything is refused by each of them. */
import { expect, test } from "vitest";
import { actions } from "../../src/api/actions.ts";
import { hvmImage } from "./seed.ts";
import { account, openTestServer, powerlessKey, refusal } from "./test-server.ts";
import { launchOne } from "./launch-one.ts";

test("A principal whom nothing allows anything is refused by every action but GetCallerIdentity", async () => {
  await using server = await openTestServer();
  const { instance, vpcId } = await launchOne(server);
  await server.ec2().createKeyPair({ KeyName: "mine", KeyType: "ed25519" });
  const inputs: Record<string, object> = {
    CreateKeyPair: { KeyName: "theirs", KeyType: "ed25519" },
    CreateTags: { Resources: [instance], Tags: [{ Key: "a", Value: "b" }] },
    DeleteKeyPair: { KeyName: "mine" },
    DeleteTags: { Resources: [instance] },
    DescribeInstanceAttribute: { InstanceId: instance, Attribute: "userData" },
    DescribeVpcAttribute: { VpcId: vpcId, Attribute: "enableDnsSupport" },
    GetConsoleOutput: { InstanceId: instance },
    GetPasswordData: { InstanceId: instance },
    ImportKeyPair: { KeyName: "theirs", PublicKeyMaterial: Buffer.from("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkZ5Sd0c3cxDPHZ1Gm0sCPSBpJUGn3oICcs8nWWQ2u2 me") },
    ModifyInstanceAttribute: { InstanceId: instance, DisableApiStop: { Value: true } },
    ModifyInstanceMetadataOptions: { InstanceId: instance, HttpTokens: "required" },
    MonitorInstances: { InstanceIds: [instance] },
    RebootInstances: { InstanceIds: [instance] },
    RunInstances: { ImageId: hvmImage, MinCount: 1, MaxCount: 1, InstanceType: "t3.micro" },
    StartInstances: { InstanceIds: [instance] },
    StopInstances: { InstanceIds: [instance] },
    TerminateInstances: { InstanceIds: [instance] },
    UnmonitorInstances: { InstanceIds: [instance] },
    GetParameter: { Name: "/aws/service/hostelry/debian-12/hvm" },
    GetParameters: { Names: ["/aws/service/hostelry/debian-12/hvm"] },
    GetParametersByPath: { Path: "/aws/service" },
  };
  const before = await server.dump();
  const clients: Record<string, object> = { ec2: server.ec2(powerlessKey), ssm: server.ssm(powerlessKey), sts: server.sts(powerlessKey) };
  const open: string[] = [];
  for (const { service, name } of actions) {
    const client = clients[service];
    const method = client === undefined ? undefined : Reflect.get(client, `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
    if (typeof method !== "function") throw new Error(`${service} has no ${name}`);
    const outcome = await refusal(method.call(client, inputs[name] ?? {})).catch(() => "allowed");
    const code = typeof outcome === "string" ? outcome : outcome.code;
    if (code !== (service === "ec2" ? "UnauthorizedOperation" : "AccessDenied")) open.push(`${name} ${code}`);
  }
  expect(open).toEqual(["GetCallerIdentity allowed"]);
  expect(await server.dump()).toBe(before);
});

test("A refusal names the principal, the action and the resource", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const arn = `arn:aws:ec2:us-east-1:${account}:instance/${instance}`;
  expect(await refusal(server.ec2(powerlessKey).getConsoleOutput({ InstanceId: instance }))).toEqual({
    code: "UnauthorizedOperation",
    status: 403,
    message: `You are not authorized to perform this operation. User: arn:aws:iam::${account}:user/powerless is not authorized to perform: ec2:GetConsoleOutput on resource: ${arn} because no identity-based policy allows the ec2:GetConsoleOutput action.`,
  });
});
