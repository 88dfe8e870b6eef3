/**
 * The power switches of the installation's hosts and storage nodes. One that is off has no process and no network, and the supervisor starts nothing for it, also
 * after the installation's next start. How often a node was switched on again tells its agent that the guests it knows of ran before a power failure.
 */
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { diskFiles } from "../host/agent/durable-files.ts";
import { dropFuseDisks } from "../host/disk/fuse-disk.ts";
import { endNode, hasUnderlayNode, removeUnderlayNode, setNodeLink } from "../host/network/underlay.ts";
import { endProcesses, findComponents } from "./processes.ts";

interface Power {
  readonly off: boolean;
  /** How often it was switched on again. */
  readonly cycles: number;
}

export interface Switch {
  readonly dataDirectory: string;
  readonly runDirectory: string;
  /** Six hexadecimal digits. */
  readonly installation: string;
  readonly node: string;
}

export function isPoweredOff(dataDirectory: string, node: string): boolean {
  return readPower(dataDirectory, node).off;
}

export function powerCycles(dataDirectory: string, node: string): number {
  return readPower(dataDirectory, node).cycles;
}

/** Ends, at once, everything that runs on the node, and cuts it off; returns false when it is off already. Done again, it finishes what was interrupted. */
export async function powerOff({ dataDirectory, runDirectory, installation, node }: Switch): Promise<boolean> {
  const power = readPower(dataDirectory, node);
  await writePower(dataDirectory, node, { ...power, off: true });
  await setNodeLink(installation, node, "down");
  await endNode(installation, node);
  await endMachine(dataDirectory, node);
  await dropFuseDisks(join(runDirectory, "hosts", node));
  return !power.off;
}

/** Returns false when it is on already. The supervisor then starts its agent. */
export async function powerOn({ dataDirectory, installation, node }: Switch): Promise<boolean> {
  const { off, cycles } = readPower(dataDirectory, node);
  if (!off) return false;
  await setNodeLink(installation, node, "up");
  await writePower(dataDirectory, node, { off: false, cycles: cycles + 1 });
  return true;
}

/** Ends everything that runs on a node that the topology has no more, and takes away its network and its folders. Done again, it finishes what was interrupted. */
export async function dismantle(place: Switch): Promise<void> {
  const { dataDirectory, runDirectory, installation, node } = place;
  await endMachine(dataDirectory, node);
  await removeUnderlayNode(installation, node);
  await dropFuseDisks(join(runDirectory, "hosts", node));
  await Promise.all(belongingsOf(place).map((path) => rm(path, { recursive: true, force: true })));
}

/** Whether a node that the topology has no more has left anything: networks go before folders, and whoever takes them away may be killed in between. */
export function hasRemains(place: Switch): boolean {
  return hasUnderlayNode(place.installation, place.node) || belongingsOf(place).some((path) => existsSync(path));
}

function belongingsOf({ dataDirectory, runDirectory, node }: Switch): readonly string[] {
  return [...["hosts", "storage", "machines"].map((kind) => join(dataDirectory, kind, node)), ...["hosts", "machines"].map((kind) => join(runDirectory, kind, node)), powerFile(dataDirectory, node)];
}

/** The computer that an emulated host is. */
async function endMachine(dataDirectory: string, node: string): Promise<void> {
  await endProcesses(findComponents(dataDirectory).filter(({ component }) => component.kind === "machine" && component.node === node), 0);
}

function readPower(dataDirectory: string, node: string): Power {
  try {
    return JSON.parse(readFileSync(powerFile(dataDirectory, node), "utf8")) as Power; // written below
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return { off: false, cycles: 0 };
    throw thrown;
  }
}

function writePower(dataDirectory: string, node: string, power: Power): Promise<void> {
  return diskFiles.write(powerFile(dataDirectory, node), JSON.stringify(power));
}

function powerFile(dataDirectory: string, node: string): string {
  return join(dataDirectory, "power", `${node}.json`);
}
