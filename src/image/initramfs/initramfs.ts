/**
 * The first file system of a machine: busybox, the modules without which there is no disk or network card, and one script that mounts the root file
 * system: `init` with firmware, `paravirtual-init` without. Not compressed: reading two megabytes takes less time than unpacking them on an
 * emulated machine.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { cpioArchive } from "../cpio.ts";
import type { CpioEntry } from "../cpio.ts";
import type { KernelModules } from "../kernel-modules.ts";

/** Loaded before the root file system is there, after what they depend on. NVMe and ext4 are in Debian's kernel. */
export const firstModules: readonly string[] = ["virtio_pci", "virtio_blk", "virtio_net"];
/** The same of Debian's ordinary kernel, where NVMe and ext4 are modules, with the drivers of Intel's virtual functions and of the card that hypervisors play. */
export const ordinaryModules: readonly string[] = ["crc32c_generic", "ext4", "nvme", ...firstModules, "igbvf", "ixgbevf", "iavf", "e1000"];
/** The paravirtual kernel has network cards and ext4. */
const paravirtualModules: readonly string[] = ["virtio_blk"];

/** What the scripts call. */
const programs = ["sh", "cat", "findfs", "grep", "insmod", "ls", "mount", "switch_root", "tr", "umount", "usleep"];

/** Of a machine with firmware. `busybox`: the static program's bytes. */
export function firstFileSystem(busybox: Buffer, modules: KernelModules, names: readonly string[] = firstModules): Promise<Buffer> {
  return archive("init", busybox, modules, names);
}

/** The ARI: what the paravirtual kernel needs to find its root disk. */
export function paravirtualFileSystem(busybox: Buffer, modules: KernelModules): Promise<Buffer> {
  return archive("paravirtual-init", busybox, modules, paravirtualModules);
}

async function archive(script: string, busybox: Buffer, modules: KernelModules, names: readonly string[]): Promise<Buffer> {
  const entries: CpioEntry[] = [
    ...["bin", "dev", "modules", "proc", "root"].map((name): CpioEntry => ({ kind: "directory", name })),
    { kind: "character-device", name: "dev/console", major: 5, minor: 1 },
    { kind: "file", name: "init", mode: 0o755, content: await readFile(fileURLToPath(new URL(script, import.meta.url))) },
    { kind: "file", name: "bin/busybox", mode: 0o755, content: busybox },
    ...programs.map((name): CpioEntry => ({ kind: "link", name: `bin/${name}`, target: "busybox" })),
  ];
  for (const [index, path] of modules.inLoadOrder(names).entries()) {
    const name = `modules/${String(index).padStart(2, "0")}-${path.split("/").at(-1)}`;
    entries.push({ kind: "file", name, content: await modules.read(path) });
  }
  return cpioArchive(entries);
}
