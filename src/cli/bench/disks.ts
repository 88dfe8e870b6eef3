/**
 * EBS as a guest sees it against two local disks of the same guest: a raw file that the machine's memory caches, and the same with the promise that a volume keeps:
 * what is answered is on disk (decision 0008). Patterns are measured in turns, one disk after the other.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { _InstanceType, BlockDeviceMapping, EbsBlockDevice } from "@aws-sdk/client-ec2";
import type { Progress } from "../terminal.ts";
import { fillCommand, fioCommand, parseFio, patterns, type Pattern, type Speed } from "./fio.ts";
import { imageOf, type BenchGuests } from "./guests.ts";

const run = promisify(execFile);

interface Kind {
  readonly virtualizationType: "hvm" | "paravirtual";
  readonly instanceType: _InstanceType;
  readonly mappings: BlockDeviceMapping[];
}

/** Types with a local disk. */
const kinds: readonly Kind[] = [
  { virtualizationType: "paravirtual", instanceType: "m3.medium", mappings: [{ DeviceName: "/dev/sdb", VirtualName: "ephemeral0" }] },
  { virtualizationType: "hvm", instanceType: "m5d.large", mappings: [] },
];

/** Its type's limits, 64,000 operations of 256 KiB and 4,000 MiB a second, are more than any of the patterns reaches. */
const fastVolume: EbsBlockDevice = { VolumeSize: 64, VolumeType: "io2", Iops: 64_000, DeleteOnTermination: true };

export const diskHeadings = ["guest", "pattern", "EBS", "local, cached", "ratio", "local, durable", "ratio"];

/** `dataDirectory`: local disks are files in it. */
export async function measureDisks(guests: BenchGuests, dataDirectory: string, seconds: number, progress: Progress): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { virtualizationType, instanceType, mappings } of kinds) {
    progress.working(`${virtualizationType}: launching debian-12 with a local disk and a volume`);
    const BlockDeviceMappings = [...mappings, { DeviceName: "/dev/sdf", Ebs: fastVolume }];
    const guest = await guests.launch({ ImageId: imageOf("debian-12", virtualizationType), InstanceType: instanceType, BlockDeviceMappings });
    await guests.untilSsh(guest, "command -v fio");
    const disks = { ebs: await findDisk(guests, guest, "vol", fastVolume.VolumeSize), local: await findDisk(guests, guest, "ephemeral0") };
    for (const disk of Object.values(disks)) await guests.ssh(guest, fillCommand(disk), 300_000);
    for (const pattern of patterns) {
      progress.working(`${virtualizationType}: ${pattern.name}`);
      const measure = async (disk: string, durable: boolean): Promise<Speed> => parseFio(await guests.ssh(guest, fioCommand(disk, pattern, { seconds, durable }), 300_000));
      const ebs = await measure(disks.ebs, false);
      const cached = await measure(disks.local, false);
      const durable = isReading(pattern) ? undefined : virtualizationType === "hvm" ? await measure(disks.local, true) : await measurePieces(dataDirectory);
      rows.push([virtualizationType, pattern.name, figure(pattern, ebs), ...compared(pattern, ebs, cached), ...compared(pattern, ebs, durable)]);
    }
    await guests.terminate(guest);
  }
  return rows;
}

/** The device file of the disk whose serial number begins so and whose size is this. */
export function findDisk(guests: BenchGuests, guest: string, serial: string, sizeGib?: number): Promise<string> {
  const fits = sizeGib === undefined ? "true" : `[ $(cat $d/size) = ${sizeGib * 2 ** 21} ]`;
  return guests.untilSsh(guest, `for d in /sys/block/*; do case "$(cat $d/serial $d/device/serial 2>/dev/null)" in ${serial}*) ${fits} && echo /dev/\${d##*/} && exit 0;; esac; done; exit 1`);
}

const [pieceBytes, pieces] = [4_096, 4_096];

/**
 * User-mode Linux carries out no flush, so a durable local disk of its guest cannot be measured from inside. It does all I/O in pieces of a page,
 * one after the other; this is how fast the machine makes such pieces durable.
 */
async function measurePieces(dataDirectory: string): Promise<Speed> {
  const directory = await mkdtemp(join(dataDirectory, "bench-"));
  const write = async (...words: string[]): Promise<void> => void (await run("dd", ["if=/dev/zero", `of=${join(directory, "pieces")}`, "conv=notrunc", "status=none", ...words]));
  try {
    await write(`bs=${pieceBytes * pieces}`, "count=1", "oflag=dsync");
    const begin = performance.now();
    await write(`bs=${pieceBytes}`, `count=${pieces}`, "oflag=dsync");
    const iops = pieces / ((performance.now() - begin) / 1000);
    return { iops, mibPerSecond: (iops * pieceBytes) / 2 ** 20 };
  } finally {
    await rm(directory, { recursive: true });
  }
}

const isReading = ({ mode }: Pattern): boolean => mode === "randread" || mode === "read";

function figure({ block }: Pattern, { iops, mibPerSecond }: Speed): string {
  return block === "4k" ? `${iops.toFixed(0)} IOPS` : `${mibPerSecond.toFixed(0)} MiB/s`;
}

function compared(pattern: Pattern, ebs: Speed, local: Speed | undefined): [figure: string, ratio: string] {
  return local === undefined ? ["", ""] : [figure(pattern, local), `${((100 * ebs.mibPerSecond) / local.mibPerSecond).toFixed(0)} %`];
}
