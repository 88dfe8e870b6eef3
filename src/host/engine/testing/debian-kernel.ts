/**
 * Debian's cloud kernel for guests of tests: from `HOSTELRY_TEST_KERNEL` (a folder with an unpacked kernel package), else from the user's cache,
 * else downloaded into it with apt.
 */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { InitramfsEntry } from "../initramfs.ts";

const run = promisify(execFile);

/** What the contract's guest needs to see its devices and its power button, in the order of loading. */
const modules = [
  "virtio/virtio_ring.ko",
  "virtio/virtio.ko",
  "virtio/virtio_pci_legacy_dev.ko",
  "virtio/virtio_pci_modern_dev.ko",
  "virtio/virtio_pci.ko",
  "block/virtio_blk.ko",
  "../net/core/failover.ko",
  "net/net_failover.ko",
  "net/virtio_net.ko",
  "acpi/button.ko",
  "input/evdev.ko",
];

export interface DebianKernel {
  readonly kernelFile: string;
  /** The modules and their order, for `/modules` in a first file system. */
  readonly moduleEntries: readonly InitramfsEntry[];
}

export async function requireDebianKernel(): Promise<DebianKernel> {
  const tree = process.env["HOSTELRY_TEST_KERNEL"] ?? (await cachedTree());
  const kernel = (await readdir(join(tree, "boot"))).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new Error(`there is no kernel in ${tree}`);
  const drivers = join(tree, "lib/modules", kernel.slice("vmlinuz-".length), "kernel/drivers");
  const files = await Promise.all(modules.map(async (file) => ({ path: moduleName(file), content: await readFile(join(drivers, file)) })));
  return {
    kernelFile: join(tree, "boot", kernel),
    moduleEntries: [
      { path: "modules", kind: "folder" },
      ...files.map((file) => ({ ...file, kind: "file" }) as const),
      { path: "modules/order", kind: "file", content: `${modules.map((file) => moduleName(file).slice("modules/".length)).join("\n")}\n` },
    ],
  };
}

function moduleName(file: string): string {
  return `modules/${file.slice(file.lastIndexOf("/") + 1)}`;
}

async function cachedTree(): Promise<string> {
  const tree = join(homedir(), ".cache/hostelry/kernel");
  const found = await access(join(tree, "boot")).then(() => true, () => false);
  if (!found) await download(tree);
  return tree;
}

/** The package that Debian's kernel of the cloud is in now. */
async function findKernelPackage(): Promise<string> {
  const { stdout } = await run("apt-cache", ["depends", "linux-image-cloud-amd64"]);
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error("apt knows no package linux-image-cloud-amd64");
  return name;
}

async function download(tree: string): Promise<void> {
  await mkdir(dirname(tree), { recursive: true });
  const work = await mkdtemp(`${tree}-`);
  try {
    const name = await findKernelPackage().catch(async () => {
      await run("apt-get", ["update"]); // a machine may have no package lists, or old ones
      return findKernelPackage();
    });
    await run("apt-get", ["download", name], { cwd: work });
    const file = (await readdir(work)).find((each) => each.endsWith(".deb"));
    if (file === undefined) throw new Error(`apt downloaded nothing for ${name}`);
    await run("dpkg-deb", ["-x", join(work, file), join(work, "tree")]);
    await rm(tree, { recursive: true, force: true });
    await rename(join(work, "tree"), tree);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
