/**
 * `bench storage`: EBS against local disks as the same guest sees them (`disks.ts`), and how long the operations of volumes, snapshots and images
 * take, from the call on. In the installation that runs; nothing else should run meanwhile.
 */
import { createHash, randomBytes } from "node:crypto";
import { CompleteSnapshotCommand, EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import {
  AttachVolumeCommand,
  CreateImageCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type CreateVolumeCommandInput,
  type VolumeState,
} from "@aws-sdk/client-ec2";
import { requireInstallation } from "../current-installation.ts";
import { terminalProgress, type Progress } from "../terminal.ts";
import { diskHeadings, findDisk, measureDisks } from "./disks.ts";
import { imageOf, openBenchGuests, untilTrue, type BenchGuests } from "./guests.ts";
import { describeMachine, median, seconds, table } from "./report.ts";

interface StorageOptions {
  readonly data?: string;
  readonly runs: number;
  readonly seconds: number;
}

const blockBytes = 524_288;

export async function benchStorage(options: StorageOptions): Promise<void> {
  const { dataDirectory } = requireInstallation(options.data);
  await using guests = await openBenchGuests(dataDirectory);
  const progress = terminalProgress(process.stderr);
  try {
    const headings = ["what", "times", "median", "slowest"];
    process.stdout.write(`${describeMachine()}\n`);
    process.stdout.write(`\n${table(diskHeadings, await measureDisks(guests, options, progress))}\n`);
    process.stdout.write(`\n${table(headings, [...(await measureOperations(guests, options, progress)), await measureUpload(guests, progress)])}\n`);
    process.stdout.write(`\n${table(headings, await measureLaunches(guests, options, progress))}\n`);
  } finally {
    progress.end();
  }
}

async function measureOperations(guests: BenchGuests, { runs }: StorageOptions, progress: Progress): Promise<string[][]> {
  const zone = `${guests.profile.region}a`;
  const guest = await guests.launch({ ImageId: imageOf("tiny", "hvm"), InstanceType: "t3.micro", Placement: { AvailabilityZone: zone } });
  await guests.untilSsh(guest, "true");
  const volume = await createVolume(guests, { AvailabilityZone: zone, Size: 10, VolumeType: "gp3" });
  const times = { attach: [] as number[], call: [] as number[], second: [] as number[], usable: [] as number[] };
  for (let turn = 1; turn <= runs; turn++) {
    progress.working(`attaching, snapshots of 10 GiB, volumes from them: turn ${turn} of ${runs}`);
    times.attach.push(await timed(() => attachUntilSeen(guests, volume, guest)));
    const disk = await findDisk(guests, guest, volume.replace("-", ""), "/dev/sdf");
    if (turn === 1) await snapshot(guests, volume);
    await guests.ssh(guest, `sudo dd if=/dev/urandom of=${disk} bs=1M count=100 seek=${turn * 200} conv=fsync,notrunc 2>/dev/null`, 120_000);
    const begin = performance.now();
    const { SnapshotId: id = "" } = await guests.client.send(new CreateSnapshotCommand({ VolumeId: volume }));
    times.call.push(performance.now() - begin);
    await untilCompleted(guests, id);
    times.second.push(performance.now() - begin);
    let made = "";
    times.usable.push(await timed(async () => void (made = await createVolume(guests, { AvailabilityZone: zone, SnapshotId: id, VolumeType: "gp3" }))));
    await guests.client.send(new DeleteVolumeCommand({ VolumeId: made }));
    await guests.client.send(new DetachVolumeCommand({ VolumeId: volume }));
    await untilVolume(guests, volume, "available");
    await guests.client.send(new DeleteSnapshotCommand({ SnapshotId: id }));
    await new Promise((resolve) => setTimeout(resolve, 15_000)); // EC2's own limit on snapshots of one volume
  }
  await guests.terminate(guest);
  await guests.client.send(new DeleteVolumeCommand({ VolumeId: volume }));
  return [
    row("attach, until the guest sees the disk", times.attach),
    row("CreateSnapshot of 10 GiB, the call", times.call),
    row("a further snapshot, 100 MiB changed, until completed", times.second),
    row("volume from a snapshot, until available", times.usable),
  ];
}

async function attachUntilSeen(guests: BenchGuests, volume: string, guest: string): Promise<void> {
  const serial = volume.replace("-", "");
  const look = `until grep -qs ${serial} /sys/block/*/serial /sys/block/*/device/serial; do sleep 0.02; done`;
  const seen = guests.ssh(guest, look, 60_000);
  await guests.client.send(new AttachVolumeCommand({ VolumeId: volume, InstanceId: guest, Device: "/dev/sdf" }));
  await seen;
}

async function snapshot(guests: BenchGuests, volume: string): Promise<void> {
  const { SnapshotId: id = "" } = await guests.client.send(new CreateSnapshotCommand({ VolumeId: volume }));
  await untilCompleted(guests, id);
  await new Promise((resolve) => setTimeout(resolve, 15_000)); // EC2's own limit on snapshots of one volume
}

async function measureUpload(guests: BenchGuests, progress: Progress): Promise<string[]> {
  const { url, region, accessKeyId, secretAccessKey } = guests.profile;
  const ebs = new EBSClient({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey } });
  const blocks = Array.from({ length: 512 }, () => randomBytes(blockBytes));
  progress.working(`uploading ${blocks.length} blocks by the EBS direct API`);
  const { SnapshotId: id = "" } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
  const begin = performance.now();
  const left = [...blocks.entries()];
  const uploader = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [index, data] = next;
      const checksum = createHash("sha256").update(data).digest("base64");
      await ebs.send(new PutSnapshotBlockCommand({ SnapshotId: id, BlockIndex: index, BlockData: data, DataLength: blockBytes, Checksum: checksum, ChecksumAlgorithm: "SHA256" }));
    }
  };
  await Promise.all(Array.from({ length: 8 }, uploader));
  await ebs.send(new CompleteSnapshotCommand({ SnapshotId: id, ChangedBlocksCount: blocks.length }));
  const ms = performance.now() - begin;
  await guests.client.send(new DeleteSnapshotCommand({ SnapshotId: id }));
  ebs.destroy();
  const rate = (blocks.length * blockBytes) / 2 ** 20 / (ms / 1000);
  return ["upload by the EBS direct API, 256 MiB of noise", "1", `${rate.toFixed(0)} MiB/s`, ""];
}

/** Launching must not depend on how large an image is. */
async function measureLaunches(guests: BenchGuests, { runs }: StorageOptions, progress: Progress): Promise<string[][]> {
  const rows: string[][] = [];
  for (const sizeGib of [1, 10]) {
    progress.working(`an image of ${sizeGib} GiB`);
    const source = await guests.launch({ ImageId: imageOf("tiny", "hvm"), InstanceType: "t3.micro", BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: sizeGib } }] });
    await guests.untilSsh(source, "true");
    const ballast = sizeGib > 1 ? 1024 : 64;
    await guests.ssh(source, `sudo sh -c 'dd if=/dev/urandom of=/ballast bs=1M count=${ballast} 2>/dev/null; sync'`, 300_000);
    const { ImageId: image = "" } = await guests.client.send(new CreateImageCommand({ InstanceId: source, Name: `bench-${process.pid}-${sizeGib}`, NoReboot: true }));
    await untilTrue(`${image} to be available`, async () => (await guests.client.send(new DescribeImagesCommand({ ImageIds: [image] }))).Images?.[0]?.State === "available");
    await guests.terminate(source);
    const times: number[] = [];
    for (let turn = 1; turn <= runs; turn++) {
      progress.working(`launching an image of ${sizeGib} GiB: ${turn} of ${runs}`);
      const begin = performance.now();
      const guest = await guests.launch({ ImageId: image, InstanceType: "t3.micro" });
      await guests.untilSsh(guest, "true");
      times.push(performance.now() - begin);
      await guests.terminate(guest);
    }
    await guests.client.send(new DeregisterImageCommand({ ImageId: image, DeleteAssociatedSnapshots: true }));
    rows.push(row(`launch until login, image of ${sizeGib} GiB, ${ballast} MiB of it noise`, times));
  }
  return rows;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function row(what: string, times: readonly number[]): string[] {
  const text = (ms: number) => (ms < 1000 ? `${ms.toFixed(0)} ms` : seconds(ms));
  return [what, String(times.length), text(median(times)), text(Math.max(...times))];
}

async function createVolume(guests: BenchGuests, request: CreateVolumeCommandInput): Promise<string> {
  const { VolumeId: id = "" } = await guests.client.send(new CreateVolumeCommand(request));
  await untilVolume(guests, id, "available");
  return id;
}

async function untilVolume({ client }: BenchGuests, id: string, state: VolumeState): Promise<void> {
  await untilTrue(`${id} to be ${state}`, async () => (await client.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes?.[0]?.State === state);
}

async function untilCompleted({ client }: BenchGuests, id: string): Promise<void> {
  await untilTrue(`${id} to be completed`, async () => (await client.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots?.[0]?.State === "completed");
}
