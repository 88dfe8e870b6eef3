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
  return untilDisk(installation, key, instance, volume);
}

export async function detach(installation: TestInstallation, volume: string): Promise<void> {
  await installation.ec2.send(new DetachVolumeCommand({ VolumeId: volume }));
  await untilVolume(installation, volume, "available");
}

/** The device file of the disk with this serial number: a volume's id, or `ephemeralN`. */
export function untilDisk(installation: TestInstallation, key: GuestKey, instance: string, serial: string): Promise<string> {
  const wanted = serial.replace("-", "");
  const script = `for d in /sys/block/*; do for f in $d/serial $d/device/serial; do [ -r $f ] && [ "$(tr -d ' \\n' < $f)" = ${wanted} ] && echo /dev/\${d##*/} && exit 0; done; done; exit 1`;
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

export function untilSnapshot({ ec2 }: TestInstallation, id: string, state = "completed"): Promise<Snapshot> {
  return eventually(`${id} to be ${state}`, async () => {
    const { Snapshots: snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    return snapshots.find((snapshot) => snapshot.State === state);
  });
}
