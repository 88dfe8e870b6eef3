/** The workload on the host itself: what a guest's figures are compared with. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { workloadScript } from "./workload-script.ts";

const run = promisify(execFile);
const busybox = "/bin/busybox";
const slowestMs = 600_000;

/** What it says; the part with a disk writes in the directory. Fails when any part does. */
export async function runWorkload(directory: string, seconds: number, signal: AbortSignal): Promise<string> {
  const { stdout } = await run(busybox, ["sh", "-c", workloadScript(busybox, directory, seconds)], { timeout: slowestMs, signal });
  return stdout;
}
