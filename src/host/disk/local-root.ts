/** The root disk of a machine whose image is no snapshot: a raw file among its local disks, which begins as a copy of the image's file. */
import { execFile } from "node:child_process";
import { chown, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FileOwner } from "./file-owner.ts";
import { localRootName } from "./instance-store.ts";
import { inspectImage } from "./volume-data.ts";

const run = promisify(execFile);

/** Replaces what is there; returns the file's path. */
export async function makeLocalRoot(directory: string, image: string, sizeGib: number, owner: FileOwner | undefined, signal: AbortSignal): Promise<string> {
  const path = join(directory, localRootName);
  const unfinished = `${path}.new`;
  await rm(unfinished, { force: true });
  const { format } = await inspectImage(image);
  await run("qemu-img", ["convert", "-f", format, "-O", "raw", image, unfinished], { signal });
  await truncate(unfinished, sizeGib * 2 ** 30);
  if (owner !== undefined) await chown(unfinished, owner.uid, owner.gid);
  await rename(unfinished, path);
  return path;
}
