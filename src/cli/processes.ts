/**
 * Finds and ends processes through /proc. A process is a pid together with its start time, so that a signal never reaches a
 * stranger that was given the same pid later.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { sendSignal } from "../host/send-signal.ts";
import { parseComponent, type Component } from "./component.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the machine's start, as /proc/PID/stat says. */
  readonly startTicks: number;
}

export interface ComponentProcess extends ProcessIdentity {
  readonly component: Component;
}

/**
 * The living processes of the installation with this data directory. What one of them has forked has its command line until it becomes the program that it is
 * to be, and is none of them.
 */
export function findComponents(dataDirectory: string): readonly ComponentProcess[] {
  const found: (ComponentProcess & { readonly parent: number })[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const component = parseComponent(readCommandLine(pid), dataDirectory);
    const stat = component === undefined ? undefined : readStat(pid);
    if (component !== undefined && stat !== undefined) found.push({ pid, ...stat, component });
  }
  const isForked = ({ parent, component }: (typeof found)[number]) => found.some((other) => other.pid === parent && JSON.stringify(other.component) === JSON.stringify(component));
  return found.filter((each) => !isForked(each)).map(({ pid, startTicks, component }) => ({ pid, startTicks, component }));
}

/** The process that has this pid now; undefined when there is none, or only a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTicks: stat.startTicks };
}

function readStat(pid: number): { readonly parent: number; readonly startTicks: number } | undefined {
  const stat = readProcFile(pid, "stat");
  // The name in parentheses may hold anything, so fields count from the last closing one: state is the 3rd, the parent the 4th, start time the 22nd.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  if (stat === "" || state === "Z" || state === "X") return undefined;
  return { parent: Number(fields[1]), startTicks: Number(fields[19]) };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

/** Asks each process to end, ends by force what is left after `graceMs`, and returns when all are gone. */
export async function endProcesses(processes: readonly ProcessIdentity[], graceMs: number): Promise<{ readonly forced: number }> {
  for (const identity of processes) signal(identity, "SIGTERM");
  const left = await waitForEnd(processes, graceMs);
  for (const identity of left) signal(identity, "SIGKILL");
  await waitForEnd(left, 5_000);
  return { forced: left.length };
}

/** The processes that still live after at most `timeoutMs`. */
export async function waitForEnd(processes: readonly ProcessIdentity[], timeoutMs: number): Promise<readonly ProcessIdentity[]> {
  const deadline = performance.now() + timeoutMs;
  let left = processes.filter(isAlive);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(20);
    left = left.filter(isAlive);
  }
  return left;
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (isAlive(identity)) sendSignal(identity.pid, name);
}

function readCommandLine(pid: number): readonly string[] {
  return readProcFile(pid, "cmdline").split("\0").slice(0, -1);
}

function readProcFile(pid: number, file: "stat" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
