/**
 * Lets a paravirtual guest change its processor. All processes of a guest stay on one (`uml-arguments.ts`), which the host's scheduler respects
 * even when others want that processor and another has nothing to do. So each guest looks a few times a minute, at moments of its
 * own: of two that share a processor one sees first that there is a better one, and the other sees that it has left.
 *
 * Where the host does not say how long a process has waited, nobody moves.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Random } from "../../../base/random.ts";

/** What the host has counted at a moment; only differences mean anything. */
export interface Look {
  readonly atMs: number;
  /** How long the guest's kernel has been ready to run without running. */
  readonly waitedMs: number;
  /** By processor: how long it had nothing to do. */
  readonly idleMs: ReadonlyMap<number, number>;
}

/** Alone, the kernel of a busy guest waits for a thirtieth of the time; beside another busy guest for a sixth, and the guest's programs for as long again. */
const crowded = 0.1;
const free = 0.6;
/** /proc/stat counts hundredths of a second on every Linux. */
const tickMs = 10;

/** The processor to move to: one that is mostly idle, when the guest waits much; undefined to stay. */
export function decideMove(before: Look, after: Look): number | undefined {
  const elapsedMs = after.atMs - before.atMs;
  if ((after.waitedMs - before.waitedMs) / elapsedMs < crowded) return undefined;
  const shares = [...after.idleMs].map(([processor, idleMs]) => ({ processor, share: (idleMs - (before.idleMs.get(processor) ?? idleMs)) / elapsedMs }));
  return shares.filter(({ share }) => share >= free).toSorted((a, b) => b.share - a.share)[0]?.processor;
}

export interface GuestProcesses {
  /** Undefined while no kernel runs. */
  findKernel(): Promise<number | undefined>;
  /** The kernel too. */
  list(): Promise<readonly { readonly pid: number }[]>;
}

/** The host that the guest runs on. */
export interface Processors {
  look(process: number): Promise<Look>;
  move(processes: readonly number[], processor: number): Promise<void>;
}

export interface BalanceParts {
  readonly random: Random;
  readonly processors?: Processors;
  /** From one look to the next, half of it more or less. */
  readonly everyMs?: number;
  readonly lookMs?: number;
}

/** Looks and moves until `signal`. A guest that ends meanwhile is no error; rejects at the first that is one. */
export async function balanceProcessors(guest: GuestProcesses, parts: BalanceParts, signal: AbortSignal): Promise<void> {
  const { random, processors = { look, move: moveProcesses }, everyMs = 10_000, lookMs = 500 } = parts;
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  for (;;) {
    await pause(everyMs * (0.5 + (random.bytes(1)[0] ?? 0) / 255));
    if (signal.aborted) return;
    await moveIfCrowded(guest, processors, () => pause(lookMs)).catch(ignoreGone);
  }
}

/** ENOENT is also said where the host does not count. */
function ignoreGone(thrown: unknown): void {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code !== "ENOENT" && code !== "ESRCH") throw thrown;
}

async function moveIfCrowded(guest: GuestProcesses, processors: Processors, pause: () => Promise<void>): Promise<void> {
  const kernel = await guest.findKernel();
  if (kernel === undefined) return;
  const before = await processors.look(kernel);
  await pause();
  const processor = decideMove(before, await processors.look(kernel));
  if (processor === undefined) return;
  // The kernel before the others are listed: those that it starts later are where it is.
  await processors.move([kernel], processor);
  await processors.move((await guest.list()).map(({ pid }) => pid), processor);
}

/** Processes that are gone are passed over. */
export async function moveProcesses(processes: readonly number[], processor: number): Promise<void> {
  const script = 'for process; do taskset --cpu-list --pid "$0" "$process" > /dev/null 2>&1; done; :';
  await promisify(execFile)("sh", ["-c", script, String(processor), ...processes.map(String)]);
}

async function look(process: number): Promise<Look> {
  const [waited, counts] = await Promise.all([readFile(`/proc/${process}/schedstat`, "utf8"), readFile("/proc/stat", "utf8")]);
  const idleMs = new Map([...counts.matchAll(/^cpu(\d+) \d+ \d+ \d+ (\d+)/gm)].map(([, processor, ticks]) => [Number(processor), Number(ticks) * tickMs]));
  return { atMs: performance.now(), waitedMs: Number(waited.split(" ")[1]) / 1e6, idleMs };
}
