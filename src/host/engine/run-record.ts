/**
 * What must be remembered of a machine's run when no agent is there to remember it: small files in its run directory.
 *
 *   engine.json       the engine's process; written before the start without a process id, so that an agent that dies between
 *                     starting and writing is noticed, and a second process is not started
 *   stop-requested    a stop was asked for: whatever ends the run now is `requested`
 *   reboot-requested  the next end of the guest is half of a restart
 *   end.json          why the run ended; kept until the next start, so that an agent that dies before it reports can say it again
 *
 * The directory belongs to the unprivileged user of the engine, who may be hostile: files are made under a new name, never through
 * a link, and then renamed; what is read is checked and believed only together with the process's owner and command line.
 */
import { constants, type FileHandle, open, readFile, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import type { EndCause } from "../protocol/report.ts";
import type { ProcessIdentity } from "./engine-process.ts";

export interface RunEnd {
  readonly cause: EndCause;
  readonly reason?: string;
}

export type Wish = "stop-requested" | "reboot-requested";

const causes: readonly string[] = ["requested", "guest", "engine"] satisfies readonly EndCause[];

/** Forgets an earlier run and notes that a process is about to start. */
export async function beginRun(directory: string): Promise<void> {
  for (const name of ["stop-requested", "reboot-requested", "end.json"]) await rm(join(directory, name), { force: true });
  await writeSafely(join(directory, "engine.json"), "{}");
}

export async function recordProcess(directory: string, identity: ProcessIdentity): Promise<void> {
  await writeSafely(join(directory, "engine.json"), JSON.stringify(identity));
}

/** The process of this run: `unknown` when an agent died while starting it, undefined when none was ever started. */
export async function readProcess(directory: string): Promise<ProcessIdentity | "unknown" | undefined> {
  const value = await readJson(join(directory, "engine.json"));
  if (value === undefined) return undefined;
  const { pid, startTicks } = value;
  return typeof pid === "number" && typeof startTicks === "number" ? { pid, startTicks } : "unknown";
}

export async function addWish(directory: string, wish: Wish): Promise<void> {
  await writeSafely(join(directory, wish), "");
}

export async function dropWish(directory: string, wish: Wish): Promise<void> {
  await rm(join(directory, wish), { force: true });
}

export async function hasWish(directory: string, wish: Wish): Promise<boolean> {
  return (await readText(join(directory, wish))) !== undefined;
}

/** Notes why the run ends; the first reason stays. */
export async function recordEnd(directory: string, end: RunEnd): Promise<RunEnd> {
  const known = await readEnd(directory);
  if (known !== undefined) return known;
  await writeSafely(join(directory, "end.json"), JSON.stringify(end));
  return end;
}

export async function readEnd(directory: string): Promise<RunEnd | undefined> {
  const value = await readJson(join(directory, "end.json"));
  if (value === undefined || !isCause(value["cause"])) return undefined;
  const reason = value["reason"];
  return { cause: value["cause"], ...(typeof reason === "string" ? { reason } : {}) };
}

/** The last lines of a text file: what an engine complained of before it ended. */
export async function readTail(file: string, bytes = 600): Promise<string> {
  const text = (await readText(file)) ?? "";
  return text.slice(-bytes).trim();
}

/** Opens a file of this directory for appending, never through a link. */
export function openLog(file: string): Promise<FileHandle> {
  return open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o640);
}

/** Replaces the file as a whole; the new content is never seen half written. */
export async function writeSafely(file: string, content: string, mode = 0o644): Promise<void> {
  const fresh = `${file}.${randomUUID().slice(0, 8)}`;
  const handle = await open(fresh, "wx", mode);
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
  await rename(fresh, file).catch(async (error: unknown) => {
    await unlink(fresh);
    throw error;
  });
}

function isCause(value: unknown): value is EndCause {
  return typeof value === "string" && causes.includes(value);
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, { encoding: "utf8", flag: constants.O_RDONLY | constants.O_NOFOLLOW });
  } catch {
    return undefined;
  }
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
