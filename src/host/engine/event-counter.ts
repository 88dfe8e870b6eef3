/**
 * Counts what the host's kernel does for processes, by its own event histograms (Linux, Documentation/trace/histogram.rst): a trace instance for each count, which
 * nobody else sees. What an agent leaves that is killed while it counts, the next one removes: the instance's name says whose it is.
 */
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isAlive } from "./engine-process.ts";

export const traces = "/sys/kernel/tracing/instances";
let lastTrace = 0;

export interface CountedEvent {
  /** `SUBSYSTEM/NAME`. */
  readonly event: string;
  /** Numeric fields, joined by commas. */
  readonly keys: string;
}

/** How often a second for each key, as `1` or, with two fields, `1,2`. Undefined where the kernel does not let us. */
export async function countEvents({ event, keys }: CountedEvent, threads: readonly number[], sampleMs: number): Promise<ReadonlyMap<string, number> | undefined> {
  await sweepTraces();
  const instance = join(traces, `hostelry-${process.pid}-${identifyProcess(process.pid)?.startTicks}-${(lastTrace += 1)}`);
  const directory = join(instance, "events", event);
  const trigger = `hist:keys=${keys} if ${threads.map((thread) => `common_pid == ${thread}`).join(" || ")}`;
  try {
    await mkdir(instance);
  } catch {
    return undefined;
  }
  try {
    await writeFile(join(directory, "trigger"), trigger);
    const from = performance.now();
    await delay(sampleMs);
    const counts = parseHistogram(await readFile(join(directory, "hist"), "utf8"));
    const seconds = (performance.now() - from) / 1000;
    return new Map([...counts].map(([key, count]) => [key, count / seconds]));
  } catch {
    return undefined;
  } finally {
    await writeFile(join(directory, "trigger"), `!${trigger}`).catch(() => "there is none");
    await removeTrace(instance);
  }
}

/** `{ isa:          2, exit_reason:        120 } hitcount:       2345`. */
export function parseHistogram(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/^\{ (.*) \} hitcount: +(\d+)/gm)].map(([, keys = "", count]) => [keys.split(",").map((key) => key.replace(/^.*: */, "")).join(","), Number(count)]));
}

/** Removes what agents have left that were killed while they counted: it would count for ever. */
export async function sweepTraces(): Promise<void> {
  for (const name of await readdir(traces).catch(() => [])) {
    const [, pid, startTicks] = /^hostelry-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive({ pid: Number(pid), startTicks: Number(startTicks) })) await removeTrace(join(traces, name));
  }
}

/** One that is in use, or is gone, is the next sweep's. */
async function removeTrace(instance: string): Promise<void> {
  await rmdir(instance).catch(() => undefined);
}
