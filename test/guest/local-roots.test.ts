/** Guests whose root is a local disk of their host: it is whole and writable, it stays over a reboot, and it is gone with the run, whatever ends that. */
import { join } from "node:path";
import { RebootInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendSignal } from "../../src/host/send-signal.ts";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, listBelow, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "local-roots");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

/** How many root disks hosts have of the guest. */
async function countRoots(guest: string): Promise<number> {
  const files = await listBelow(join(installation.dataDirectory, "hosts"));
  return files.filter((file) => file.endsWith(`${guest}/instance-store/root.raw`)).length;
}

describe.each([
  { kind: "paravirtual", type: "m1.small" },
  { kind: "hvm", type: "m3.medium" },
] as const)("with $kind guests", ({ kind, type }) => {
  let guest = "";
  const start = () => launch(installation, { ImageId: imageId("tiny", kind, "instance-store"), InstanceType: type, KeyName: key.name });

  test("the root is the image, on a disk of the host, and keeps what is written over a reboot", async () => {
    guest = await start();
    const boot = await untilSsh(installation, key, guest, "cat /proc/sys/kernel/random/boot_id");
    expect(await describeInstance(installation, guest)).toMatchObject({ RootDeviceType: "instance-store", BlockDeviceMappings: [] });
    expect(await countRoots(guest)).toBe(1);
    await ssh(installation, key, guest, "sudo sh -c 'echo kept > /kept; sync'");
    await installation.ec2.send(new RebootInstancesCommand({ InstanceIds: [guest] }));
    await eventually("another boot", async () => ((await untilSsh(installation, key, guest, "cat /proc/sys/kernel/random/boot_id")) === boot ? undefined : true));
    expect(await ssh(installation, key, guest, "cat /kept")).toBe("kept");
  });

  test("it cannot be stopped, and nothing of it is left when it is terminated", async () => {
    await expect(installation.ec2.send(new StopInstancesCommand({ InstanceIds: [guest] }))).rejects.toMatchObject({ name: "UnsupportedOperation" });
    expect(await ssh(installation, key, guest, "cat /kept")).toBe("kept");
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [guest] }));
    await untilState(installation, guest, "terminated");
    expect(await countRoots(guest)).toBe(0);
  });

  test("it is terminated when its engine dies", async () => {
    guest = await start();
    await untilSsh(installation, key, guest, "true");
    const engine = kind === "hvm" ? `qemu-system.*${guest}` : `hostelry.instance-id=${guest}`;
    const [first = 0] = (await installation.pids(new RegExp(engine))).toSorted((a, b) => a - b); // a paravirtual guest's processes have its kernel's name too
    sendSignal(first, "SIGKILL");
    await untilState(installation, guest, "terminated");
    expect(await countRoots(guest)).toBe(0);
  });
});
