/** busybox as most of a small system's programs. */
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "./command.ts";

/** A link for every program that busybox can be, except where the tree has the real one. `busybox` is one that runs here, where the tree's does not. */
export async function linkBusyboxPrograms(root: string, busybox = join(root, "bin/busybox")): Promise<void> {
  const listed = await runCommand(busybox, ["--list-full"], { signal: AbortSignal.timeout(10_000) });
  for (const path of listed.split("\n").filter((line) => line !== "")) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink("/usr/bin/busybox", join(root, path)).catch(() => undefined); // the real program is there
  }
}
