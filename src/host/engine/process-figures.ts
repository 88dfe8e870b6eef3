/** What processes of an engine use of the host, from /proc (proc(5)). */
import { readFileSync, readdirSync } from "node:fs";
import type { ProcessFigures } from "../protocol/inspection.ts";

/** Linux's own unit of processor time in /proc, which never differs on the machines that we run on. */
const ticksPerSecond = 100;

export interface ProcessTimes {
  readonly atMs: number;
  readonly userTicks: number;
  readonly kernelTicks: number;
  /** The part of `userTicks` that a guest's own instructions took, by hardware assistance. */
  readonly guestTicks: number;
  readonly waitedNs: number;
}

/** Of all the processes together; one that has ended counts no more. */
export function readTimes(pids: readonly number[]): ProcessTimes {
  const each = pids.map((pid) => {
    const fields = read(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ").map(Number); // the third field is the first
    const waited = threadsOf(pid).map((thread) => Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[1] ?? 0));
    return { user: fields[11] ?? 0, kernel: fields[12] ?? 0, guest: fields[40] ?? 0, waited: sum(waited) };
  });
  return { atMs: performance.now(), userTicks: sum(each.map(({ user }) => user)), kernelTicks: sum(each.map(({ kernel }) => kernel)), guestTicks: sum(each.map(({ guest }) => guest)), waitedNs: sum(each.map(({ waited }) => waited)) };
}

export function toFigures(pids: readonly number[], before: ProcessTimes, after: ProcessTimes): ProcessFigures {
  const seconds = (after.atMs - before.atMs) / 1000;
  const memory = pids.map((pid) => read(`/proc/${pid}/smaps_rollup`));
  return {
    userProcessors: Math.max(0, after.userTicks - before.userTicks) / ticksPerSecond / seconds,
    kernelProcessors: Math.max(0, after.kernelTicks - before.kernelTicks) / ticksPerSecond / seconds,
    waitedProcessors: Math.max(0, after.waitedNs - before.waitedNs) / 1e9 / seconds,
    threads: sum(pids.map((pid) => threadsOf(pid).length)),
    residentBytes: sum(memory.map((text) => kibibytes(text, "Rss") * 1024)),
    sharedBytes: sum(memory.map((text) => (kibibytes(text, "Shared_Clean") + kibibytes(text, "Shared_Dirty")) * 1024)),
  };
}

export function guestProcessors(before: ProcessTimes, after: ProcessTimes): number {
  return Math.max(0, after.guestTicks - before.guestTicks) / ticksPerSecond / ((after.atMs - before.atMs) / 1000);
}

function kibibytes(rollup: string, name: string): number {
  return Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(rollup)?.[1] ?? 0);
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty for a process that is gone. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
