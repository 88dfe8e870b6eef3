/**
 * The first file system of a machine with firmware: busybox, the modules without which there is no disk or network card, and one
 * script (`init`) that mounts the root file system by its label. Not compressed: reading two megabytes takes less time than
 * unpacking them on an emulated machine.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { cpioArchive } from "../cpio.ts";
import type { CpioEntry } from "../cpio.ts";
import type { KernelModules } from "../kernel-modules.ts";

const firstProgram = fileURLToPath(new URL("init", import.meta.url));

/** Loaded before the root file system is there, after what they depend on. NVMe and ext4 are in Debian's kernel. */
export const firstModules: readonly string[] = ["virtio_pci", "virtio_blk", "virtio_net"];

/** What `init` calls. */
const programs = ["sh", "cat", "findfs", "grep", "insmod", "ls", "mount", "switch_root", "tr", "usleep"];

/** `busybox`: the static program's bytes. */
export async function firstFileSystem(busybox: Buffer, modules: KernelModules): Promise<Buffer> {
  const entries: CpioEntry[] = [
    ...["bin", "dev", "modules", "proc", "root"].map((name): CpioEntry => ({ kind: "directory", name })),
    { kind: "character-device", name: "dev/console", major: 5, minor: 1 },
    { kind: "file", name: "init", mode: 0o755, content: await readFile(firstProgram) },
    { kind: "file", name: "bin/busybox", mode: 0o755, content: busybox },
    ...programs.map((name): CpioEntry => ({ kind: "link", name: `bin/${name}`, target: "busybox" })),
  ];
  for (const [index, path] of modules.inLoadOrder(firstModules).entries()) {
    const name = `modules/${String(index).padStart(2, "0")}-${path.split("/").at(-1)}`;
    entries.push({ kind: "file", name, content: await modules.read(path) });
  }
  return cpioArchive(entries);
}
