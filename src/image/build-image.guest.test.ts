/** An image as it is really built. Needs root, and the packages that building needs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Log } from "../base/log.ts";
import { buildImage } from "./build-image.ts";

const cacheDirectory = "/var/cache/hostelry/packages";
const quiet: Log = { info() {}, warn() {}, error() {}, with: () => quiet };

test("a second build of the same packages has the same bytes", async () => {
  const folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), "images-"))));
  const build = (imagesDirectory: string) => buildImage("tiny", { imagesDirectory, cacheDirectory, progress: () => undefined, log: quiet, signal: AbortSignal.timeout(300_000) });
  try {
    const [first, second] = [await build(folders[0] ?? ""), await build(folders[1] ?? "")];
    expect([second.digest, second.kernelFile]).toEqual([first.digest, first.kernelFile]);
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
});
