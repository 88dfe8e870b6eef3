/** One guest of each engine through its whole life: launch, login, user data, metadata, reboot, stop, start, termination. What is gone must be gone. */
import {
  AssociateIamInstanceProfileCommand,
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  EC2Client,
  GetConsoleOutputCommand,
  ModifyInstanceCreditSpecificationCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Inspection } from "../../src/host/protocol/inspection.ts";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { enginesOf, nothing, remains } from "../installation/remains.ts";
import { makeRole } from "../installation/role.ts";
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
    await makeRole(installation, name, ["ec2:DescribeInstances"]);
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
    const output = async () => (await installation.ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }))).Output ?? "";
    await expect.poll(async () => Buffer.from(await output(), "base64").toString()).toMatch(/login:|ssh/i);
  });

  test("can be looked into: what its privileged operations become, while it works and when it rests", async () => {
    const look = async () => JSON.parse(await installation.hostelry("inspect", id, "--json")) as Inspection; // our own command printed it
    const used = ({ process }: Inspection) => process.userProcessors + process.kernelProcessors;
    await ssh(installation, key, id, "(until [ -e /tmp/enough ]; do date > /dev/null; done) > /dev/null 2>&1 < /dev/null &");
    const busy = await look();
    await ssh(installation, key, id, "touch /tmp/enough");
    const idle = await eventually("the guest to rest", async () => [await look()].find((seen) => used(seen) < used(busy)));
    expect(busy).toMatchObject({ id, engine: kind === "hvm" ? "qemu-tcg" : "user-mode-linux", privileged: { how: kind === "hvm" ? "translated" : "called" } });
    expect(busy.devices.map(({ path }) => path.split(" ")[0])).toEqual(expect.arrayContaining(["tap"]));
    if (busy.privileged.how === "translated") expect(busy.privileged.sample?.host).not.toEqual([]);
    if (busy.privileged.how === "called") expect(busy.privileged.calls[0]?.perSecond).toBeGreaterThan(0);
    expect(busy.privileged).not.toEqual(idle.privileged);
  });

  test("is held to its baseline when it has no CPU credits and may not borrow any, if its type is burstable", async () => {
    const work = async () => Number(await ssh(installation, key, id, "end=$(($(date +%s) + 3)); n=0; while [ $(date +%s) -lt $end ]; do n=$((n + 1)); done; echo $n"));
    const spend = async (CpuCredits: string) => {
      const answer = await installation.ec2.send(new ModifyInstanceCreditSpecificationCommand({ InstanceCreditSpecifications: [{ InstanceId: id, CpuCredits }] }));
      return answer.SuccessfulInstanceCreditSpecifications?.length;
    };
    if (kind === "paravirtual") return expect(await spend("standard")).toBe(0);
    const baseline = await eventually("the baseline", async () => {
      await spend("unlimited");
      const burst = await work(); // of the same moment: a machine that does other things too gives less for a while, and less of it would be as little as the baseline
      await spend("standard");
      const held = await work();
      return held < burst * 0.6 ? held : undefined;
    });
    await spend("unlimited");
    await eventually("a burst", async () => ((await work()) * 0.6 > baseline ? true : undefined));
  });

  test("keeps its disk over a reboot", async () => {
    const boot = await ssh(installation, key, id, "echo kept > /var/tmp/kept; sync; cat /proc/sys/kernel/random/boot_id");
    await installation.ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
    const after = await eventually("another boot", async () => {
      const now = await untilSsh(installation, key, id, "cat /proc/sys/kernel/random/boot_id /var/tmp/kept");
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
