/**
 * A folder of a cache that is there whole or not at all: made by the first who needs it, while others wait; a make that is killed leaves nothing under its name.
 * It may be deleted at any time.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { takeBuildLock } from "./build-lock.ts";

export interface BuildOnce {
  readonly cacheDirectory: string;
  readonly name: string;
  /** Packages that are used; one build at a time has them. */
  readonly packageCache: string;
  readonly signal: AbortSignal;
  /** Called when another build has to end first. */
  readonly onWait: () => void;
}

/** The folder. `make` is given an empty one to work in, and says which folder in it is to be kept. */
export async function buildOnce({ cacheDirectory, name, packageCache, signal, onWait }: BuildOnce, make: (work: string) => Promise<string>): Promise<string> {
  const directory = join(cacheDirectory, name);
  if (existsSync(directory)) return directory;
  await mkdir(cacheDirectory, { recursive: true });
  await using _lock = await takeBuildLock(packageCache, "packages", signal, onWait);
  if (existsSync(directory)) return directory;
  const work = await mkdtemp(join(cacheDirectory, ".build-"));
  const umask = process.umask(0o022);
  try {
    await rename(await make(work), directory);
    return directory;
  } finally {
    process.umask(umask);
    await rm(work, { recursive: true, force: true });
  }
}
