/** Finds and ends the processes whose network namespace is one of ours, so that the namespace really goes away when deleted. */
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { namespacePath } from "./command.ts";

const waitMs = 2_000;

/** Ends every process in the namespaces and waits until none is left. Never touches this process. */
export async function endProcessesIn(namespaces: readonly string[]): Promise<void> {
  const inodes = new Set(namespaces.map((name) => inodeOf(name)));
  const deadline = performance.now() + waitMs;
  for (let found = processesIn(inodes); found.length > 0 && performance.now() < deadline; found = processesIn(inodes)) {
    for (const pid of found) endProcess(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

function processesIn(inodes: ReadonlySet<string>): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && inodes.has(namespaceOf(pid)));
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
