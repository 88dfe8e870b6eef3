/** What of a machine its agents find out when they start: room for local disks, and how fast its network cards are. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { readdir, stat, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import type { MachineDescription } from "../protocol/report.ts";
import { readWord } from "../virtual-function/physical-functions.ts";

const netFolder = "/sys/class/net";

/** `dataDirectory`: the installation's. */
export async function measureMachine(dataDirectory: string): Promise<Pick<MachineDescription, "diskGib" | "networkMbps">> {
  const networkMbps = bandwidthOf(readCardSpeeds(netFolder), await readOwnCardSpeeds());
  return { diskGib: await measureDisk(dataDirectory), ...(networkMbps === undefined ? {} : { networkMbps }) };
}

/** Of all cards together; undefined where none says how fast it is. */
export function bandwidthOf(...views: readonly ReadonlyMap<string, number>[]): number | undefined {
  const speeds = new Map(views.flatMap((view) => [...view]));
  return speeds.size === 0 ? undefined : [...speeds.values()].reduce((sum, mbps) => sum + mbps, 0);
}

/** What is free where local disks lie, and what those of all hosts on this machine take there: they are promised already. */
async function measureDisk(dataDirectory: string): Promise<number> {
  const { bavail, bsize } = await statfs(dataDirectory);
  return Math.floor((bavail * bsize + (await bytesOfLocalDisks(dataDirectory))) / 2 ** 30);
}

/** What is written of them: the files are sparse. */
export async function bytesOfLocalDisks(dataDirectory: string): Promise<number> {
  const files = await listLocalDisks(join(dataDirectory, "hosts"));
  const sizes = await Promise.all(files.map((file) => stat(file).then(({ blocks }) => blocks * 512).catch(() => 0))); // erased meanwhile
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function listLocalDisks(hosts: string): Promise<readonly string[]> {
  const inside = async (folders: readonly string[]) => (await Promise.all(folders.map(async (folder) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))))).flat();
  const machines = await inside((await inside([hosts])).map((host) => join(host, "machines")));
  return inside(machines.map((machine) => join(machine, "instance-store")));
}

/**
 * Mbps of each device of a card on the PCI bus that has agreed on a speed with its other end, by its address and name. Virtual machines' cards seldom say one; a part of
 * a card is none.
 */
export function readCardSpeeds(net: string): ReadonlyMap<string, number> {
  const speeds = new Map<string, number>();
  for (const name of existsSync(net) ? readdirSync(net) : []) {
    const address = cardAddress(join(net, name, "device"));
    const mbps = Number(readWord(join(net, name, "speed")) ?? 0);
    if (address !== undefined && mbps > 0) speeds.set(`${address} ${name}`, mbps);
  }
  return speeds;
}

function cardAddress(device: string): string | undefined {
  try {
    const isCard = basename(readlinkSync(join(device, "subsystem"))) === "pci" && !existsSync(join(device, "physfn"));
    return isCard ? basename(readlinkSync(device)) : undefined;
  } catch {
    return undefined; // no device is behind it: a bridge, a tap
  }
}

/**
 * The same of the cards that are in this process's own network namespace, as those of a machine that has joined are: /sys shows those of the namespace in which it was
 * mounted. So it is mounted once more, for a process that lives as long as it is read.
 */
async function readOwnCardSpeeds(): Promise<ReadonlyMap<string, number>> {
  const child = spawn("unshare", ["--mount", "sh", "-c", "mount -t sysfs sysfs /sys && echo mounted && read end"], { stdio: ["pipe", "pipe", "ignore"] });
  const over = new Promise<void>((resolve) => void child.once("error", () => resolve()).once("close", () => resolve()));
  const mounted = new Promise<true>((resolve) => void child.stdout.once("data", () => resolve(true)));
  child.stdin.on("error", () => {}); // it has ended, and there is nothing to say
  try {
    return (await Promise.race([mounted, over])) === true ? readCardSpeeds(`/proc/${child.pid}/root${netFolder}`) : new Map();
  } finally {
    child.stdin.end();
    await over;
  }
}
