/** Disk images that come from elsewhere, in the formats that others publish them in, are taken in and boot. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { DescribeImagesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey, imageId, launch, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";

const run = promisify(execFile);
let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "foreign");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

/** A disk as somebody else would offer it: that of `tiny`, written by `qemu-img` with these options. */
async function foreignDisk(name: string, options: readonly string[]): Promise<string> {
  const images = join(installation.dataDirectory, "images");
  const { file } = JSON.parse(await readFile(join(images, "tiny.json"), "utf8")) as { file: string }; // our own build wrote it
  const foreign = join(installation.dataDirectory, name);
  await run("qemu-img", ["convert", ...options, join(images, file), foreign]);
  return foreign;
}

test.each([
  { name: "appliance.vmdk", options: ["-O", "vmdk", "-o", "subformat=streamOptimized"], flags: [], kind: "hvm", type: "t3.micro" },
  { name: "cloud.qcow2", options: ["-c", "-O", "qcow2", "-o", "compat=0.10"], flags: ["--paravirtual"], kind: "paravirtual", type: "m1.small" },
] as const)("$name is imported and boots as $kind", async ({ name, options, flags, kind, type }) => {
  const { ec2 } = installation;
  const imported = name.replace(".", "-");
  const said = await installation.hostelry("image", "import", await foreignDisk(name, options), "--name", imported, ...flags);
  const id = imageId(imported, kind);
  expect(said).toContain(id);
  const { Images: images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
  expect(images.map(({ State: state, VirtualizationType: virtualization }) => [state, virtualization])).toEqual([["available", kind]]);

  const instance = await launch(installation, { ImageId: id, InstanceType: type, KeyName: key.name });
  const answer = await untilSsh(installation, key, instance, "curl -sf http://169.254.169.254/latest/meta-data/ami-id && echo && sudo whoami");
  expect(answer).toBe(`${id}\nroot`);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance], SkipOsShutdown: true }));
  await untilState(installation, instance, "terminated");
});
