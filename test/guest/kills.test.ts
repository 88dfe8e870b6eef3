/** Control plane and agents are killed with -9 while guests are launched, stopped and terminated: everything converges, and guests that ran still run. Guests that die inside show so in their checks. */
import { DescribeInstanceStatusCommand, RebootInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendSignal } from "../../src/host/send-signal.ts";
import { createKey, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "kills");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

const controlPlane = /src\/main\.ts control-plane/;
const agents = /src\/main\.ts agent/;

async function kill(...patterns: RegExp[]): Promise<void> {
  for (const pattern of patterns) for (const pid of await installation.pids(pattern)) sendSignal(pid, "SIGKILL");
}

async function answersAgain(id: string): Promise<void> {
  await eventually("the control plane to answer", async () => ((await installation.status()).url === "" ? undefined : true));
  await eventually("every host to be heard", async () => {
    const zones = (await installation.status()).regions.flatMap((region) => region.zones);
    return zones.every((zone) => zone.hosts.every((host) => host.state === "up")) ? true : undefined;
  });
  expect(id).not.toBe("");
}

/** A paravirtual guest. */
let runs = "";

test("a guest that runs does not notice", async () => {
  const id = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small", KeyName: key.name });
  const boot = await untilSsh(installation, key, id, "cat /proc/sys/kernel/random/boot_id");
  await kill(controlPlane, agents);
  await answersAgain(id);
  expect(await untilSsh(installation, key, id, "cat /proc/sys/kernel/random/boot_id")).toBe(boot);
  runs = id;
});

test("a guest whose kernel has panicked, one that hangs and one that has lost its network fail the instance check and no other, and those that are back pass it", async () => {
  const inBackground = async (id: string, command: string) => {
    await untilSsh(installation, key, id, "true");
    await ssh(installation, key, id, `sudo sh -c '(sleep 1; ${command}) > /dev/null 2>&1 &'`).catch(() => "the connection may end before its answer");
  };
  const checks = async (id: string) => {
    const { InstanceStatuses: [status] = [] } = await installation.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
    return [status?.InstanceState?.Name, status?.SystemStatus?.Status, status?.InstanceStatus?.Status, status?.InstanceStatus?.Details?.[0]?.Status];
  };
  const untilChecks = (id: string, expected: readonly string[]) => eventually(`${id} to be ${expected.join(", ")}`, async () => ((await checks(id)).join() === expected.join() ? true : undefined));
  const untilSilent = (id: string) => untilChecks(id, ["running", "ok", "impaired", "failed"]);
  const end = async (id: string) => {
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id], SkipOsShutdown: true }));
    await untilState(installation, id, "terminated");
  };
  const panic = async () => {
    const guest = await launch(installation, { ImageId: imageId("tiny", "hvm"), InstanceType: "t3.micro", KeyName: key.name });
    await inBackground(guest, "echo 0 > /proc/sys/kernel/panic; echo c > /proc/sysrq-trigger");
    await untilSilent(guest);
    await end(guest);
  };
  const hang = async () => {
    const guest = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small", KeyName: key.name });
    await untilSsh(installation, key, guest, "true");
    const [kernel = 0] = (await installation.pids(new RegExp(`hostelry\\.instance-id=${guest}`))).toSorted((one, other) => one - other); // the others are what it runs
    sendSignal(kernel, "SIGSTOP");
    await untilSilent(guest);
    sendSignal(kernel, "SIGCONT");
    await untilChecks(guest, ["running", "ok", "ok", "passed"]);
    await end(guest);
  };
  const cutOff = async () => {
    await inBackground(runs, "ip link set vec0 down");
    await untilSilent(runs);
    await installation.ec2.send(new RebootInstancesCommand({ InstanceIds: [runs] }));
    await untilChecks(runs, ["running", "ok", "ok", "passed"]);
    await end(runs);
  };
  await Promise.all([panic(), hang(), cutOff()]);
});

test("a launch, a stop and a termination go on where they were", async () => {
  const id = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small", KeyName: key.name });
  await kill(controlPlane, agents);
  await untilState(installation, id, "running");
  expect(await untilSsh(installation, key, id, "echo here; sync")).toBe("here");
  await eventually("the stop to be taken", () => installation.ec2.send(new StopInstancesCommand({ InstanceIds: [id] })));
  await kill(agents);
  await kill(controlPlane);
  await untilState(installation, id, "stopped");
  await eventually("the termination to be taken", () => installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })));
  await kill(controlPlane, agents);
  await untilState(installation, id, "terminated");
  await expect(ssh(installation, key, id, "true")).rejects.toThrow();
});

test("down shuts guests down, and the next up starts those again that ran", async () => {
  const id = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small", KeyName: key.name });
  const boot = await untilSsh(installation, key, id, "echo kept > /var/tmp/kept; cat /proc/sys/kernel/random/boot_id");
  await installation.hostelry("down");
  expect(await installation.pids(/./)).toEqual([]);
  await installation.hostelry("up");
  const after = await untilSsh(installation, key, id, "cat /proc/sys/kernel/random/boot_id /var/tmp/kept");
  expect([after.startsWith(boot), after.endsWith("\nkept")]).toEqual([false, true]);
});
