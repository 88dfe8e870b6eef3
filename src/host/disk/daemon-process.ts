/**
 * A helper process that outlives the agent that started it: `qemu-storage-daemon` for a volume or for one guest's disk.
 *
 * Nothing about it is kept in memory or in a file that could be stale: it is found again by its mark, a path that stands in its
 * command line and in no other's. A process that is just being started is found the same way, so that an agent killed between
 * starting and noting it starts no second one.
 */
import { spawn } from "node:child_process";
import { open, readFile, readdir } from "node:fs/promises";
import { sendSignal } from "../send-signal.ts";

export interface DaemonCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Where its own messages go. */
  readonly logFile: string;
  /** The unprivileged user that it runs as; absent: as the agent. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Of the sockets that it makes; absent: the agent's. */
  readonly umask?: number;
  /** All that an agent with root leaves to a process that must run as root. */
  readonly capabilities?: readonly string[];
}

export interface StartedDaemon {
  readonly pid: number;
  /** Settles when the process has ended, while this agent lives. */
  readonly ended: Promise<void>;
}

/**
 * A storage daemon makes and drops a buffer for each request. As glibc does it by itself it gives each back to the system and has it filled with zeroes
 * again, which takes longer than all else that is done for a request of 512 KiB. So up to this much is kept, and buffers that are larger than any guest's go at once.
 */
const memory = { MALLOC_MMAP_THRESHOLD_: String(4 * 2 ** 20), MALLOC_TRIM_THRESHOLD_: String(32 * 2 ** 20) };

/** Starts the process in a session of its own, without the agent's files. */
export async function startDaemon(command: DaemonCommand): Promise<StartedDaemon> {
  const { file, logFile } = command;
  const log = await open(logFile, "w");
  try {
    const [program, ...args] = withUser(command);
    const own = command.umask === undefined ? undefined : process.umask(command.umask);
    const child = spawn(program, args, { detached: true, cwd: "/", stdio: ["ignore", log.fd, log.fd], env: { ...process.env, ...memory } });
    if (own !== undefined) process.umask(own);
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    if (child.pid === undefined) throw new Error(`${file} has no process id`);
    return { pid: child.pid, ended };
  } catch (cause) {
    throw new Error(`cannot start ${file}`, { cause });
  } finally {
    await log.close();
  }
}

function withUser({ file, args, user, capabilities = [] }: DaemonCommand): [string, ...string[]] {
  if (process.getuid?.() !== 0) return [file, ...args];
  const identity = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  const left = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  return ["setpriv", ...identity, `--bounding-set=${left}`, "--inh-caps=-all", "--no-new-privs", "--", file, ...args];
}

export interface FoundDaemon {
  readonly pid: number;
  readonly args: readonly string[];
}

/** Every living process with the mark in its command line. */
export async function findDaemons(mark: string): Promise<readonly FoundDaemon[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => readArguments(Number(name))));
  return found.filter((daemon) => daemon !== undefined).filter(({ pid, args }) => pid !== process.pid && args.some((arg) => arg.includes(mark)));
}

/** Ends every process with the mark: asks, then kills, and returns when all are gone. */
export async function endDaemons(mark: string, graceMs = 3_000): Promise<void> {
  const startedAt = performance.now();
  for (let waitMs = 5; ; waitMs = Math.min(100, waitMs * 2)) {
    const daemons = await findDaemons(mark);
    if (daemons.length === 0) return;
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > graceMs + 30_000) throw new Error(`process ${daemons[0]?.pid} does not end, not even killed`);
    for (const { pid } of daemons) sendSignal(pid, elapsedMs < graceMs ? "SIGTERM" : "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** The last lines that a daemon wrote, for an error's cause. */
export async function lastWords(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trim().split("\n").slice(-3).join(" ") || "it said nothing";
}

/** Undefined for a process that has ended, a zombie and a kernel thread. */
async function readArguments(pid: number): Promise<FoundDaemon | undefined> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return text === "" ? undefined : { pid, args: text.split("\0").slice(0, -1) };
}
