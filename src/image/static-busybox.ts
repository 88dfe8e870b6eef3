/** The program of which first file systems are made: Debian's busybox, which needs no library. */
import { join } from "node:path";
import type { ImageWork } from "./image-work.ts";
import { createMergedRoot, extractPackages } from "./tree.ts";

/** The file, unpacked into the folder. */
export async function unpackStaticBusybox(directory: string, { cache, signal }: Pick<ImageWork, "cache" | "signal">): Promise<string> {
  const files = await cache.files(await cache.find(["busybox-static"]), () => undefined);
  await createMergedRoot(directory);
  await extractPackages(files, directory, signal);
  return join(directory, "bin/busybox");
}
