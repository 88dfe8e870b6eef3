/** One guest of each engine through its whole life: launch, login, user data, metadata, reboot, stop, start, termination. What is gone must be gone. */
import {
  AssociateIamInstanceProfileCommand,
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, AttachRolePolicyCommand, CreateInstanceProfileCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { enginesOf, nothing, remains } from "../installation/remains.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "life");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

/** With a role of the same name, which may read EC2. */
async function createProfile(name: string): Promise<void> {
  const { url: endpoint, region, accessKeyId, secretAccessKey } = installation.profile;
  const iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const trust = { Version: "2012-10-17", Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" } };
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess" }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
}

const userData = Buffer.from("#!/bin/sh\necho it ran > /var/tmp/user-data\n").toString("base64");

describe.each([
  { kind: "paravirtual", type: "m1.small" },
  { kind: "hvm", type: "t3.micro" },
] as const)("a $kind guest", ({ kind, type }) => {
  let id = "";

  test("is launched, runs its user data and lets its key's owner in", async () => {
    id = await launch(installation, { ImageId: imageId("tiny", kind), InstanceType: type, KeyName: key.name, UserData: userData });
    await untilState(installation, id, "running");
    expect(await checksUntilOk(id)).toEqual(["initializing", "ok"]);
    expect(await untilSsh(installation, key, id, "grep ran /var/tmp/user-data && sudo whoami")).toBe("it ran\nroot");
  });

  test("knows itself from its metadata, by version 2", async () => {
    const read = (path: string) => `curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/${path}; echo`;
    const token = "token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)";
    const answer = await ssh(installation, key, id, `${token}; ${read("meta-data/instance-id")}; ${read("meta-data/local-ipv4")}; hostname`);
    const { PrivateIpAddress: address = "" } = await describeInstance(installation, id);
    expect(answer.split("\n")).toEqual([id, address, expect.stringContaining(`ip-${address.replaceAll(".", "-")}`)]);
  });

  test("finds the credentials of its role in its metadata, and they are good for what the role may do", async () => {
    const name = `life-${kind}`;
    await createProfile(name);
    await installation.ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId: id, IamInstanceProfile: { Name: name } }));
    const path = `http://169.254.169.254/latest/meta-data/iam/security-credentials/${name}`;
    const document = await eventually("credentials", async () => (await ssh(installation, key, id, `curl -sf ${path} || true`)) || undefined);
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = JSON.parse(document) as Record<"AccessKeyId" | "SecretAccessKey" | "Token", string>; // facts §8.5
    const { url: endpoint, region, account } = installation.profile;
    const settings = { endpoint, region, credentials: { accessKeyId, secretAccessKey, sessionToken } };
    const [sts, ec2] = [new STSClient(settings), new EC2Client(settings)];
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(`arn:aws:sts::${account}:assumed-role/${name}/${id}`);
    expect((await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.length).toBe(1);
    await expect(ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))).rejects.toMatchObject({ name: "UnauthorizedOperation" });
  });

  test("writes a console that can be read", async () => {
    const text = await eventually("console output", async () => {
      const { Output: output } = await installation.ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
      return output === undefined || output === "" ? undefined : Buffer.from(output, "base64").toString();
    });
    expect(text).toMatch(/login:|ssh/i);
  });

  test("keeps its disk over a reboot", async () => {
    const boot = await ssh(installation, key, id, "echo kept > /var/tmp/kept; sync; cat /proc/sys/kernel/random/boot_id");
    await installation.ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
    const after = await eventually("another boot", async () => {
      const now = await ssh(installation, key, id, "cat /proc/sys/kernel/random/boot_id /var/tmp/kept");
      return now.startsWith(boot) ? undefined : now;
    });
    expect(after).toMatch(/\nkept$/);
  });

  test("keeps its disk and private address over stop and start, and gets another public address", async () => {
    const before = await describeInstance(installation, id);
    await installation.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    const stopped = await untilState(installation, id, "stopped");
    expect(stopped.PublicIpAddress).toBeUndefined();
    expect(enginesOf(id)).toEqual([]);
    await installation.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await untilState(installation, id, "running");
    expect(await untilSsh(installation, key, id, "cat /var/tmp/kept")).toBe("kept");
    const after = await describeInstance(installation, id);
    expect([after.PrivateIpAddress, after.PublicIpAddress === before.PublicIpAddress]).toEqual([before.PrivateIpAddress, false]);
  });

  test("stops when it shuts itself down", async () => {
    await ssh(installation, key, id, "sudo poweroff").catch(() => "the connection ends with the guest");
    const stopped = await untilState(installation, id, "stopped");
    expect(stopped.StateReason?.Code).toBe("Client.InstanceInitiatedShutdown");
  });

  test("leaves nothing behind after its termination", async () => {
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await untilState(installation, id, "terminated");
    expect(await remains(installation, [id])).toEqual(nothing);
  });
});

/** The instance check's results, one after the other. */
async function checksUntilOk(id: string): Promise<readonly string[]> {
  const seen: string[] = [];
  await eventually("the instance check", async () => {
    const { InstanceStatuses: [status] = [] } = await installation.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
    const result = status?.InstanceStatus?.Status ?? "none";
    if (seen.at(-1) !== result) seen.push(result);
    return result === "ok" ? true : undefined;
  });
  return seen;
}
