import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openKernelModules } from "./kernel-modules.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "modules-"));
  const home = join(directory, "from/6.1.0/kernel");
  await mkdir(home, { recursive: true });
  const module = (name: string, depends: string, alias: string) => writeFile(join(home, `${name}.ko`), `\0alias=${alias}\0depends=${depends}\0`);
  await module("virtio-ring", "", "ring");
  await module("virtio", "virtio_ring", "virtio");
  await module("virtio_pci", "virtio,virtio_ring", "pci:v00001AF4*");
  await module("sound", "", "sound");
});
afterEach(() => rm(directory, { recursive: true }));

test("modules come after those that they depend on, each once, and unknown ones are left out", async () => {
  const modules = await openKernelModules(join(directory, "from"));
  expect({ version: modules.version, order: modules.inLoadOrder(["virtio-pci", "virtio", "built_in"]) }).toEqual({
    version: "6.1.0",
    order: ["kernel/virtio-ring.ko", "kernel/virtio.ko", "kernel/virtio_pci.ko"],
  });
});

test("what is installed has the index that modprobe reads", async () => {
  await (await openKernelModules(join(directory, "from"))).install(["virtio_pci"], join(directory, "to"));
  const read = (name: string) => readFile(join(directory, "to/usr/lib/modules/6.1.0", name), "utf8");
  expect({ dependencies: await read("modules.dep"), aliases: await read("modules.alias"), sound: await read("kernel/sound.ko").catch(() => "absent") }).toEqual({
    dependencies: "kernel/virtio-ring.ko:\nkernel/virtio.ko: kernel/virtio-ring.ko\nkernel/virtio_pci.ko: kernel/virtio.ko kernel/virtio-ring.ko\n",
    aliases: "alias ring virtio_ring\nalias virtio virtio\nalias pci:v00001AF4* virtio_pci\n",
    sound: "absent",
  });
});
