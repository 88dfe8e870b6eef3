/**
 * Both images as they are built here, booted by both kinds of engine in a network of their own. Needs root and what building and booting need;
 * takes minutes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Log } from "../base/log.ts";
import { buildImage, type BuildableImage } from "./build-image.ts";
import type { ImageManifest } from "./manifest.ts";
import { startGuest, type TestEngine } from "./guest-test/test-bed.ts";

const cacheDirectory = "/var/cache/hostelry/packages";
const quiet: Log = { info() {}, warn() {}, error() {}, with: () => quiet };
const userData = "#!/bin/sh\necho once >> /var/tmp/user-data\n";
const minute = 60_000;

let imagesDirectory: string;
const manifests = new Map<BuildableImage, ImageManifest>();

function build(name: BuildableImage): Promise<ImageManifest> {
  return buildImage(name, { imagesDirectory, cacheDirectory, progress: () => undefined, log: quiet, signal: AbortSignal.timeout(10 * minute) });
}

beforeAll(async () => {
  imagesDirectory = await mkdtemp(join(tmpdir(), "images-"));
  for (const name of ["tiny", "debian-12"] as const) manifests.set(name, await build(name));
}, 20 * minute);

afterAll(async () => {
  await rm(imagesDirectory, { recursive: true, force: true });
});

test("a second build of the same packages has the same bytes", async () => {
  expect((await build("tiny")).digest).toBe(manifests.get("tiny")?.digest);
}, 5 * minute);

async function boot(name: BuildableImage, engine: TestEngine) {
  const manifest = manifests.get(name);
  if (manifest?.kernelFile === undefined) throw new Error(`${name} was not built`);
  const at = (file: string) => join(imagesDirectory, file);
  return startGuest({ engine, image: at(manifest.file), kernel: at(manifest.kernelFile), diskGib: 3, memoryMib: 1024, userData });
}

const bootId = "cat /proc/sys/kernel/random/boot_id";
const booted = "cloud-init status --wait > /dev/null; cat /var/tmp/user-data; hostname; sudo whoami; ls /dev/disk/by-id | grep Amazon; df -BG / | awk 'NR == 2 && $2 + 0 > 2 {print \"grown\"}'";
const asExpected = ["once", "ip-172-31-0-5", "root", "nvme-Amazon_Elastic_Block_Store_vol0123", "nvme-Amazon_Elastic_Block_Store_vol0123-part1", "grown"];

describe.each([
  { name: "tiny", engine: "paravirtual" },
  { name: "tiny", engine: "emulated" },
  { name: "debian-12", engine: "paravirtual" },
  { name: "debian-12", engine: "emulated" },
] as const)("$name, $engine", ({ name, engine }) => {
  test("is itself after its start and after a restart, runs user data once, and stops when asked", async () => {
    await using guest = await boot(name, engine);
    const first = await guest.ssh(bootId, 3 * minute);
    expect((await guest.ssh(booted, 3 * minute)).trim().split("\n")).toEqual(asExpected);
    // A paravirtual kernel that restarts needs its engine's supervisor, which is not here.
    if (engine === "emulated") {
      // Once: a command whose connection breaks would be given again.
      await guest.ssh("sudo sh -c '(sleep 1; reboot) > /dev/null 2>&1 &'");
      await expect.poll(() => guest.ssh(bootId, 3 * minute), { timeout: 5 * minute, interval: 500 }).not.toBe(first);
      expect((await guest.ssh(booted, 3 * minute)).trim().split("\n")).toEqual(asExpected);
    }
    if (name === "debian-12") {
      expect(await guest.ssh("systemctl --failed --quiet --no-legend")).toBe("");
      // The process of the boot's stages has ended: the stage runs by itself.
      await guest.ssh("sudo systemctl restart cloud-final.service", 2 * minute);
    }
    await guest.requestStop();
    await guest.ended;
  }, 15 * minute);
});
