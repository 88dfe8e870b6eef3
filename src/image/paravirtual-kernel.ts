/**
 * The kernel of paravirtual guests, an AKI, with its first file system, an ARI: Debian's User-mode Linux, taken from the package cache. It is a program of
 * the host; the image holds only its modules.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ImageWork, ParavirtualKernel } from "./image-work.ts";
import { paravirtualFileSystem } from "./initramfs/initramfs.ts";
import { openKernelModules } from "./kernel-modules.ts";
import { createMergedRoot, extractPackages } from "./tree.ts";

type ImageWorkParts = Pick<ImageWork, "cache" | "workDirectory" | "busybox" | "signal">;

/** The package that has it. */
export const paravirtualPackage = "user-mode-linux";

export async function unpackParavirtualKernel({ cache, workDirectory, busybox, signal }: ImageWorkParts): Promise<ParavirtualKernel> {
  const directory = join(workDirectory, paravirtualPackage);
  const files = await cache.files(await cache.find([paravirtualPackage]), () => undefined);
  await createMergedRoot(directory);
  await extractPackages(files, directory, signal);
  const [version] = await readdir(join(directory, "usr/lib/uml/modules"));
  if (version === undefined) throw new Error(`${paravirtualPackage} has no modules`);
  const ramdisk = await paravirtualFileSystem(busybox, await openKernelModules(join(directory, "usr/lib/uml/modules")));
  return { version, ramdisk, file: join(directory, "usr/bin/linux.uml"), directory: join(directory, "usr/lib/uml") };
}
