/**
 * The kernel of paravirtual guests, an AKI: Debian's User-mode Linux, taken from the package cache. It is a program of the host;
 * the image holds only its modules.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ImageWork, ParavirtualKernel } from "./image-work.ts";
import { createMergedRoot, extractPackages } from "./tree.ts";

/** The package that has it. */
export const paravirtualPackage = "user-mode-linux";

export async function unpackParavirtualKernel(cache: ImageWork["cache"], workDirectory: string, signal: AbortSignal): Promise<ParavirtualKernel> {
  const directory = join(workDirectory, paravirtualPackage);
  const files = await cache.files(await cache.find([paravirtualPackage]), () => undefined);
  await createMergedRoot(directory);
  await extractPackages(files, directory, signal);
  const [version] = await readdir(join(directory, "usr/lib/uml/modules"));
  if (version === undefined) throw new Error(`${paravirtualPackage} has no modules`);
  return { version, file: join(directory, "usr/bin/linux.uml"), directory: join(directory, "usr/lib/uml") };
}
