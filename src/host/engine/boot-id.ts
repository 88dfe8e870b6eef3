import { readFile } from "node:fs/promises";

/** Tells one start of the physical machine from another. */
export async function readBootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}
