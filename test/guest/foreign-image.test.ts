/** Disk images that come from elsewhere, in the formats that others publish them in or block by block, are taken in and boot. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CompleteSnapshotCommand, EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import { DescribeImagesCommand, RegisterImageCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blockSize } from "../../src/block-store/block-store.ts";
import { readDiskImage } from "../../src/block-store/disk-image.ts";
import { untilSnapshot } from "../installation/disks.ts";
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

  await expectToBoot(id, type);
});

test("an image that was uploaded through the EBS direct API is registered and boots", async () => {
  const { url, region, accessKeyId, secretAccessKey } = installation.profile;
  const ebs = new EBSClient({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey } });
  const { SnapshotId: id = "" } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
  let count = 0;
  for await (const { index, data } of readDiskImage({ file: await foreignDisk("uploaded.raw", ["-O", "raw"]), format: "raw" }, join(installation.dataDirectory, "scratch"))) {
    const checksum = { Checksum: createHash("sha256").update(data).digest("base64"), ChecksumAlgorithm: "SHA256" } as const; // the literals
    await ebs.send(new PutSnapshotBlockCommand({ SnapshotId: id, BlockIndex: index, BlockData: data, DataLength: blockSize, ...checksum }));
    count++;
  }
  await ebs.send(new CompleteSnapshotCommand({ SnapshotId: id, ChangedBlocksCount: count }));
  ebs.destroy();
  await untilSnapshot(installation, id);
  const disk = { DeviceName: "/dev/xvda", Ebs: { SnapshotId: id } };
  const request = new RegisterImageCommand({ Name: "uploaded", Architecture: "x86_64", VirtualizationType: "hvm", RootDeviceName: disk.DeviceName, EnaSupport: true, BlockDeviceMappings: [disk] });
  const { ImageId: image = "" } = await installation.ec2.send(request);
  await expectToBoot(image, "t3.micro");
});

async function expectToBoot(image: string, type: "t3.micro" | "m1.small"): Promise<void> {
  const instance = await launch(installation, { ImageId: image, InstanceType: type, KeyName: key.name });
  const answer = await untilSsh(installation, key, instance, "curl -sf http://169.254.169.254/latest/meta-data/ami-id && echo && sudo whoami");
  expect(answer).toBe(`${image}\nroot`);
  await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance], SkipOsShutdown: true }));
  await untilState(installation, instance, "terminated");
}
