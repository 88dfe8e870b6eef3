/**
 * EBS as a guest sees it against a local disk of the same guest, a raw file, twice:
 *
 *   by memory   the machine has in memory what is read, and what is written to the local disk
 *   by disk     nothing that is read is in the machine's memory; what is written is on disk when it is answered, as a volume always promises (decision 0008)
 *
 * The second is the comparison of disks: the first has a copy of memory on one side and three of them, between two processes and a network, on the other.
 * What is read is read once before, past the machine's memory: a cache below the machine's own disk, as virtual machines have, would else know one file and not the other.
 * For what is written the guest switches the local disk's write cache off, in the device itself: a write that only asks to be on disk at once is answered before it is, by QEMU's NVMe
 * and by a virtio disk that calls itself write-through.
 * Patterns are measured in turns, one disk after the other, several times, of which the median counts: what else the machine does falls on both.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { _InstanceType, BlockDeviceMapping, EbsBlockDevice } from "@aws-sdk/client-ec2";
import type { Progress } from "../terminal.ts";
import { fillCommand, fioCommand, parseFio, patterns, readCommand, type Effort, type Pattern, type Speed } from "./fio.ts";
import { imageOf, type BenchGuests } from "./guests.ts";
import { median } from "./report.ts";

const run = promisify(execFile);

interface Kind {
  readonly name: string;
  readonly virtualizationType: "hvm" | "paravirtual";
  readonly instanceType: _InstanceType;
  readonly mappings: BlockDeviceMapping[];
}

/** Types with a local disk. */
const kinds: readonly Kind[] = [
  { name: "paravirtual", virtualizationType: "paravirtual", instanceType: "m3.medium", mappings: [{ DeviceName: "/dev/sdb", VirtualName: "ephemeral0" }] },
  { name: "hvm, virtio", virtualizationType: "hvm", instanceType: "m3.medium", mappings: [{ DeviceName: "/dev/sdb", VirtualName: "ephemeral0" }] },
  { name: "hvm, NVMe", virtualizationType: "hvm", instanceType: "m5d.large", mappings: [] },
];

/** Its type's limits, 64,000 operations of 256 KiB and 4,000 MiB a second, are more than any of the patterns reaches. */
const fastVolume: EbsBlockDevice = { VolumeSize: 64, VolumeType: "io2", Iops: 64_000, DeleteOnTermination: true };

export const diskHeadings = ["guest", "pattern", "EBS, memory", "local, memory", "ratio", "EBS, disk", "local, disk", "ratio"];

/** Each pattern `runs` times, for so many seconds. */
export async function measureDisks(guests: BenchGuests, { runs, seconds }: { readonly runs: number; readonly seconds: number }, progress: Progress): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { name, virtualizationType, instanceType, mappings } of kinds) {
    progress.working(`${name}: launching debian-12 with a local disk and a volume`);
    const BlockDeviceMappings = [...mappings, { DeviceName: "/dev/sdf", Ebs: fastVolume }];
    const guest = await guests.launch({ ImageId: imageOf("debian-12", virtualizationType), InstanceType: instanceType, BlockDeviceMappings });
    await guests.untilSsh(guest, "command -v fio");
    const disks = { ebs: await findDisk(guests, guest, "vol", "/dev/sdf", fastVolume.VolumeSize), local: await findDisk(guests, guest, "ephemeral0", "/dev/sdb") };
    for (const disk of Object.values(disks)) await guests.ssh(guest, fillCommand(disk), 300_000);
    const measure = async (disk: string, pattern: Pattern, effort: Omit<Effort, "seconds"> = {}): Promise<Speed> => parseFio(await guests.ssh(guest, fioCommand(disk, pattern, { seconds, ...effort }), 300_000));
    const compare = async (what: string, once: (disk: string) => Promise<Speed>): Promise<Compared> => {
      const [ebs, local]: [Speed[], Speed[]] = [[], []];
      for (let run = 1; run <= runs; run++) {
        progress.working(`${name}: ${what}, ${run} of ${runs}`);
        ebs.push(await once(disks.ebs));
        local.push(await once(disks.local));
      }
      return { ebs: medianSpeed(ebs), local: medianSpeed(local) };
    };
    const byMemory = new Map<Pattern, Compared>();
    for (const pattern of patterns) byMemory.set(pattern, await compare(`${pattern.name}, by memory`, (disk) => measure(disk, pattern)));
    await guests.ssh(guest, writeThroughCommand(disks.local));
    for (const [pattern, memory] of byMemory) {
      const fromDisk = async (disk: string): Promise<Speed> => {
        await emptyMemory();
        await guests.ssh(guest, readCommand(disk), 300_000);
        await emptyMemory();
        return measure(disk, pattern, { once: true });
      };
      const toDisk = (disk: string): Promise<Speed> => measure(disk, pattern);
      const disk = await compare(`${pattern.name}, by disk`, isReading(pattern) ? fromDisk : toDisk);
      rows.push([name, pattern.name, ...compared(pattern, memory), ...compared(pattern, disk)]);
    }
    await guests.terminate(guest);
  }
  return rows;
}

/** The device file of the disk whose serial number begins so and whose size is this; in guests with virtio disks, which have no serial numbers, the name that was asked for. */
export function findDisk(guests: BenchGuests, guest: string, serial: string, device: string, sizeGib?: number): Promise<string> {
  const fits = sizeGib === undefined ? "true" : `[ $(cat $d/size) = ${sizeGib * 2 ** 21} ]`;
  return guests.untilSsh(guest, `[ -b ${device} ] && echo ${device} && exit 0; for d in /sys/block/*; do case "$(cat $d/serial $d/device/serial 2>/dev/null)" in ${serial}*) ${fits} && echo /dev/\${d##*/} && exit 0;; esac; done; exit 1`);
}

/** NVMe's feature 6 is its volatile write cache, 9 the command that sets a feature. */
const nvmeCacheOff = 'import fcntl, struct, sys; sys.exit(fcntl.ioctl(open(sys.argv[1], "rb"), 0xC0484E41, bytearray(struct.pack("=BBHIIIQQ10I", 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0))))';

/** From then on the disk answers a write when it is on the machine's disk. A virtio disk calls itself write-through from the start, and QEMU passes on changes only: so there and back. */
function writeThroughCommand(disk: string): string {
  const virtioSwitch = '/sys/block/$(basename $disk)/cache_type';
  return `disk=$(readlink -f ${disk}); if [ -e ${virtioSwitch} ]; then for mode in back through; do echo write $mode | sudo tee ${virtioSwitch}; done; else sudo python3 -c '${nvmeCacheOff}' $disk; fi`;
}

const isReading = ({ mode }: Pattern): boolean => mode === "randread" || mode === "read";

function figure({ block }: Pattern, { iops, mibPerSecond }: Speed): string {
  return block === "4k" ? `${iops.toFixed(0)} IOPS` : `${mibPerSecond.toFixed(0)} MiB/s`;
}

interface Compared {
  readonly ebs: Speed;
  readonly local: Speed;
}

function medianSpeed(speeds: readonly Speed[]): Speed {
  return { iops: median(speeds.map(({ iops }) => iops)), mibPerSecond: median(speeds.map(({ mibPerSecond }) => mibPerSecond)) };
}

function compared(pattern: Pattern, { ebs, local }: Compared): string[] {
  return [figure(pattern, ebs), figure(pattern, local), `${((100 * ebs.mibPerSecond) / local.mibPerSecond).toFixed(0)} %`];
}

/** The machine forgets the content of all files. What is not on disk yet it would keep, and read from memory: that of local disks above all. */
async function emptyMemory(): Promise<void> {
  await run("sync");
  await writeFile("/proc/sys/vm/drop_caches", "1");
}
