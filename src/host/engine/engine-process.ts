/**
 * Processes that outlive their parent: started detached, found again by a later agent, ended for certain.
 *
 * A process is known by its id and its start time (`/proc/PID/stat`, field 22), so that a reused id is never mistaken for it, and,
 * when only a file remembers it, also by its owner and by its command line, which names the machine's run directory.
 * A zombie counts as gone: its parent may be anything, and nothing of the guest is left.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { CapabilityError } from "../../base/errors.ts";
import { sendSignal } from "../send-signal.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot. */
  readonly startTicks: number;
}

export interface DetachedProcess {
  readonly identity: ProcessIdentity;
  /** Settles when our own child ends; a process that was adopted has no such promise. */
  readonly exited: Promise<void>;
}

export interface DetachedProgram {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** File descriptors of the agent that become the process's 1, 2, 3, …; 0 is always empty. */
  readonly descriptors: readonly number[];
  /** What to install when the program is missing. */
  readonly remedy: string;
}

/** Starts the program in a session of its own. */
export async function startDetached(program: DetachedProgram): Promise<DetachedProcess> {
  const child = spawn(program.program, program.arguments, {
    cwd: program.directory,
    env: program.environment,
    detached: true,
    stdio: ["ignore", ...program.descriptors],
    ...(program.user === undefined ? {} : { uid: program.user.uid, gid: program.user.gid }),
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const pid = await spawnedPid(child, program);
  child.unref();
  const identity = identifyProcess(pid);
  if (identity === undefined) throw new Error(`${program.program} ended at once`);
  return { identity, exited };
}

function spawnedPid(child: ChildProcess, program: DetachedProgram): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => (child.pid === undefined ? reject(new Error(`${program.program} has no process id`)) : resolve(child.pid)));
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? new CapabilityError(`${program.program} is not installed`, program.remedy, { cause: error })
          : new Error(`starting ${program.program}`, { cause: error }),
      ),
    );
  });
}

/** Undefined for one that has ended. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTicks = readStartTicks(pid);
  return startTicks === undefined ? undefined : { pid, startTicks };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return readStartTicks(identity.pid) === identity.startTicks;
}

/** Whether the process lives, belongs to `uid` and has `word` in its command line. */
export function isOurs(identity: ProcessIdentity, word: string, uid: number | undefined): boolean {
  return isAlive(identity) && hasWord(identity.pid, word) && (uid === undefined || ownerOf(identity.pid) === uid);
}

/** The oldest process of `uid` with `word` in its command line. Reads all of /proc: only for when no record names a process id. */
export function findProcess(word: string, uid: number | undefined): ProcessIdentity | undefined {
  return listProcesses((pid) => hasWord(pid, word) && (uid === undefined || ownerOf(pid) === uid))
    .toSorted((a, b) => a.startTicks - b.startTicks)[0];
}

/** The processes of `uid` in the session that `leader` leads or led, as far as `word` is in their command line. */
export function listSession(leader: number, word: string, uid: number | undefined): readonly ProcessIdentity[] {
  const inSession = (pid: number) => statFields(pid)?.[sessionField] === String(leader);
  return listProcesses((pid) => inSession(pid) && hasWord(pid, word) && (uid === undefined || ownerOf(pid) === uid));
}

/** Kills the processes with SIGKILL and returns when none of them is left. */
export async function killAndWait(identities: readonly ProcessIdentity[]): Promise<void> {
  for (const identity of identities) if (isAlive(identity)) sendSignal(identity.pid, "SIGKILL");
  for (let waitMs = 1; identities.some(isAlive); waitMs = Math.min(waitMs * 2, 50)) await delay(waitMs);
}

/**
 * Resolves when the process is gone; never when `stop` is aborted first. Looks four times a second, and soon after `hint`.
 */
export async function waitForEnd(identity: ProcessIdentity, hint: Promise<void>, stop: AbortSignal): Promise<void> {
  let hinted: Promise<void> | undefined = hint.then(() => delay(10));
  while (isAlive(identity)) {
    const pause = delay(250, undefined, { signal: stop }).catch(() => {});
    await (hinted === undefined ? pause : Promise.race([pause, hinted.then(() => void (hinted = undefined))]));
    if (stop.aborted) return new Promise(() => {});
  }
}

const stateField = 0;
const sessionField = 3;
const startTimeField = 19;

/** The fields of /proc/PID/stat after the command's name, which may itself hold blanks and brackets. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function readStartTicks(pid: number): number | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields[stateField] === "Z" || fields[stateField] === "X") return undefined;
  return Number(fields[startTimeField]);
}

function listProcesses(wanted: (pid: number) => boolean): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !wanted(pid)) continue;
    const identity = identifyProcess(pid);
    if (identity !== undefined) found.push(identity);
  }
  return found;
}

function hasWord(pid: number, word: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
  } catch {
    return false;
  }
}

function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}
