/**
 * Local disks of one run: sparse raw files on the host, empty at its start and erased after it. They survive a reboot, also one for which the run
 * must end and another begin, and nothing else (facts §5). Where they lie on a file system with discard, their blocks go back to it.
 */
import { chown, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { FileOwner } from "./file-owner.ts";

/** The file of a root disk that is local too (`local-root.ts`); an unfinished one has a longer name. */
export const localRootName = "root.raw";

export interface InstanceStoreOptions {
  /** Files that are there stay as they are. */
  readonly keep: boolean;
  readonly owner?: FileOwner;
}

/** Makes the files and returns their paths, in order. */
export async function makeInstanceStore(directory: string, sizesGib: readonly number[], { keep, owner }: InstanceStoreOptions): Promise<readonly string[]> {
  if (!keep) await eraseInstanceStore(directory);
  await mkdir(directory, { recursive: true });
  const paths = sizesGib.map((_size, index) => join(directory, `ephemeral${index}.raw`));
  for (const [index, path] of paths.entries()) {
    const file = await open(path, "a", 0o600);
    try {
      await file.truncate((sizesGib[index] ?? 0) * 2 ** 30);
    } finally {
      await file.close();
    }
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  }
  return paths;
}

export async function eraseInstanceStore(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((name) => /^ephemeral\d+\.raw$/.test(name) || name.startsWith(localRootName))) await rm(join(directory, name), { force: true });
}
