/** Volumes of an installation under test, and a guest's disks as the guest sees them. */
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type CreateVolumeCommandInput,
  type Snapshot,
  type Volume,
} from "@aws-sdk/client-ec2";
import { ssh, untilSsh, type GuestKey } from "./guest.ts";
import { eventually, type TestInstallation } from "./installation.ts";

export async function createVolume(installation: TestInstallation, request: CreateVolumeCommandInput): Promise<string> {
  const { VolumeId: id = "" } = await installation.ec2.send(new CreateVolumeCommand(request));
  await untilVolume(installation, id, "available");
  return id;
}

export async function describeVolume({ ec2 }: TestInstallation, id: string): Promise<Volume> {
  const { Volumes: volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  const volume = volumes[0];
  if (volume === undefined) throw new Error(`${id} is not described`);
  return volume;
}

export function untilVolume(installation: TestInstallation, id: string, state: string): Promise<Volume> {
  return eventually(`${id} to be ${state}`, async () => {
    const volume = await describeVolume(installation, id);
    return volume.State === state ? volume : undefined;
  });
}

/** Attaches and waits until the guest sees the disk; resolves to its device file there. */
export async function attach(installation: TestInstallation, key: GuestKey, volume: string, instance: string, device = "/dev/sdf"): Promise<string> {
  await installation.ec2.send(new AttachVolumeCommand({ VolumeId: volume, InstanceId: instance, Device: device }));
  return untilDisk(installation, key, instance, volume, device);
}

export async function detach(installation: TestInstallation, volume: string): Promise<void> {
  await installation.ec2.send(new DetachVolumeCommand({ VolumeId: volume }));
  await untilVolume(installation, volume, "available");
}

/** The device file of the disk with this serial number, a volume's id or `ephemeralN`; in guests with virtio disks, which have none, the name that was asked for. */
export function untilDisk(installation: TestInstallation, key: GuestKey, instance: string, serial: string, device = serial === "ephemeral0" ? "/dev/sdb" : "/dev/sdf"): Promise<string> {
  const wanted = serial.replace("-", "");
  const script = `[ -b ${device} ] && echo ${device} && exit 0; for d in /sys/block/*; do for f in $d/serial $d/device/serial; do [ -r $f ] && [ "$(tr -d ' \\n' < $f)" = ${wanted} ] && echo /dev/\${d##*/} && exit 0; done; done; exit 1`;
  return untilSsh(installation, key, instance, `sudo sh -c '${script.replaceAll("'", `'"'"'`)}'`);
}

/** Fills the first `mib` MiB of the disk with noise, flushed; resolves to their SHA-256. */
export function fill(installation: TestInstallation, key: GuestKey, instance: string, disk: string, mib: number): Promise<string> {
  const write = `dd if=/dev/urandom of=${disk} bs=1M count=${mib} conv=fsync 2>/dev/null`;
  return ssh(installation, key, instance, `sudo sh -c '${write} && ${digest(disk, mib)}'`);
}

/** The SHA-256 of the first `mib` MiB as they are on the disk, past the guest's cache. */
export function checksum(installation: TestInstallation, key: GuestKey, instance: string, disk: string, mib: number): Promise<string> {
  return ssh(installation, key, instance, `sudo sh -c 'echo 3 > /proc/sys/vm/drop_caches; ${digest(disk, mib)}'`);
}

function digest(disk: string, mib: number): string {
  return `dd if=${disk} bs=1M count=${mib} 2>/dev/null | sha256sum | cut -d" " -f1`;
}

/** How many blocks of a disk are written in turn, and of how many lines of 16 bytes each consists. */
const [blocks, linesOfBlock] = [256, 256];

/** A command for the guest's shell: writes block `$i`, 4 KiB that are full of this number, and ends when it is on disk. Of the blocks before it, 255 stay. */
export function writeBlock(disk: string): string {
  return `yes "$(printf "block %9d" $i)" | head -c 4096 | dd of=${disk} bs=4k seek=$((i % ${blocks})) conv=fsync,notrunc 2>/dev/null`;
}

/** The numbers of blocks that are not wholly there, of the last ones that were written, when all up to this one were. */
export async function listLostBlocks(installation: TestInstallation, key: GuestKey, instance: string, disk: string, last: number): Promise<readonly number[]> {
  const counted = await ssh(installation, key, instance, `sudo sh -c 'echo 3 > /proc/sys/vm/drop_caches; dd if=${disk} bs=4k count=${blocks} 2>/dev/null | tr -d "\\000" | uniq -c'`);
  const whole = new Set([...counted.matchAll(/^ *(\d+) block +(\d+)$/gm)].filter(([, lines]) => Number(lines) === linesOfBlock).map(([, , number]) => Number(number)));
  const first = Math.max(0, last - blocks + 2); // what was begun after the last one may have taken the place of the one before
  return Array.from({ length: last - first + 1 }, (_, at) => first + at).filter((number) => !whole.has(number));
}

export function untilSnapshot({ ec2 }: TestInstallation, id: string, state = "completed"): Promise<Snapshot> {
  return eventually(`${id} to be ${state}`, async () => {
    const { Snapshots: snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    return snapshots.find((snapshot) => snapshot.State === state);
  });
}
