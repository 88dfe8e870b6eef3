/** Finds and ends the processes whose network namespace is one of ours, so that the namespace really goes away when deleted. */
import { readFileSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { sendSignal } from "../send-signal.ts";
import { namespacePath } from "./command.ts";

const waitMs = 2_000;

/** Ends every process in the namespaces, or every program of this name, and waits until none is left. Never touches this process. */
export async function endProcessesIn(namespaces: readonly string[], program?: string): Promise<void> {
  const inodes = new Set(namespaces.map((name) => inodeOf(name)));
  const find = () => processesIn(inodes).filter((pid) => program === undefined || programOf(pid) === program);
  const deadline = performance.now() + waitMs;
  for (let found = find(); found.length > 0 && performance.now() < deadline; found = find()) {
    for (const pid of found) sendSignal(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function processesIn(inodes: ReadonlySet<string>): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && inodes.has(namespaceOf(pid)));
}

function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd();
  } catch {
    return "";
  }
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}

function inodeOf(namespace: string): string {
  return `net:[${statSync(namespacePath(namespace)).ino}]`;
}
