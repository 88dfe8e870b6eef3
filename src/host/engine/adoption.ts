/**
 * Finding the process of an earlier agent, the same for every engine that has one.
 *
 *   record says        process              answer
 *   nothing            -                    undefined: never started
 *   a process          lives, is ours       control of it
 *   a process          gone                 its remembered end, while `end.json` says that the guest ended it; else undefined
 *   a start, no id     found by its words   control of it
 *   a start, no id     not found            undefined
 */
import { join } from "node:path";
import type { MachinePlan, RunningMachine } from "./engine.ts";
import { findProcess, isOurs, type ProcessIdentity } from "./engine-process.ts";
import { readEnd, readProcess, recordProcess, type RunEnd } from "./run-record.ts";

/** The process's command line must name a file in the run directory. `findEnd` may conclude why a process that is gone ended. */
export async function adoptProcess(
  plan: MachinePlan,
  control: (identity: ProcessIdentity) => Promise<RunningMachine>,
  findEnd: () => Promise<RunEnd | undefined> = () => readEnd(plan.runDirectory),
): Promise<RunningMachine | undefined> {
  const word = join(plan.runDirectory, "/");
  const recorded = await readProcess(plan.runDirectory);
  if (recorded === undefined) return undefined;
  const identity = recorded === "unknown" ? findProcess(word, plan.user?.uid) : recorded;
  if (identity !== undefined && isOurs(identity, word, plan.user?.uid)) {
    if (recorded === "unknown") await recordProcess(plan.runDirectory, identity);
    try {
      return await control(identity);
    } catch (error) {
      if (isOurs(identity, word, plan.user?.uid)) throw error; // it lives but does not answer: the caller tries again
    }
  }
  const end = await findEnd();
  return end?.cause === "guest" ? endedMachine(identity?.pid ?? 0, end) : undefined;
}

/** A machine that ended by itself while no agent watched: only its end is left to be told. */
export function endedMachine(pid: number, end: RunEnd): RunningMachine {
  const gone = () => Promise.reject(new Error("the guest has ended"));
  return {
    pid,
    ended: Promise.resolve(end),
    requestStop: async () => {},
    kill: async () => {},
    reboot: gone,
    attachDisk: gone,
    detachDisk: gone,
    growDisk: gone,
    openSerialInput: gone,
    attachInterface: gone,
    detachInterface: gone,
    inspect: gone,
    release: async () => {},
  };
}
