/** Free disk and memory. */
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { type Check, no, yes } from "./check.ts";

const neededDiskGib = 5;
const neededMemoryGib = 2;

export function roomChecks(dataDirectory: string): readonly Check[] {
  const { bavail, bsize } = statfsSync(nearestExisting(dataDirectory));
  return [roomCheck("disk", (bavail * bsize) / 2 ** 30, neededDiskGib, `free at ${dataDirectory}`, "Free some, or give another directory with --data DIR"), memoryCheck()];
}

function memoryCheck(): Check {
  const availableKib = Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0);
  return roomCheck("memory", availableKib / 2 ** 20, neededMemoryGib, "available", "End other programs; each guest takes what its instance type says as it uses it");
}

function roomCheck(name: string, gib: number, neededGib: number, where: string, remedy: string): Check {
  const detail = `${gib.toFixed(1)} GiB ${where}`;
  return gib >= neededGib ? yes(name, detail) : no(name, `${detail}; ${neededGib} GiB are needed`, remedy);
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}
