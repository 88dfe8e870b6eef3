/**
 * The system of an emulated host: Debian's ordinary kernel, which has KVM, and the programs that a host's agent runs. The program itself and its runtime are not
 * in it: they come from the machine around it, so that both are always the same. Made of package files alone, as the tiny image.
 *
 *   CACHE/emulated-host-DIGEST/   image.ext4, first.cpio, vmlinux        DIGEST: of the recipe
 *
 * It is there whole or not at all; may be deleted at any time; two builds at once: the second waits. The kernel must be 6.1: with 6.12 two nested guests at once
 * have brought it down.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { linkBusyboxPrograms } from "../busybox.ts";
import { buildOnce } from "../build-once.ts";
import { runCommand } from "../command.ts";
import { cpioArchive, type CpioEntry } from "../cpio.ts";
import { openKernelModules, type KernelModules } from "../kernel-modules.ts";
import { openPackageCache, type DebianPackage, type PackageCache } from "../packages/package-cache.ts";
import { copyLibrariesOf } from "../shared-libraries.ts";
import { copyFromTree, copyOwnFiles, createMergedRoot, extractPackages, listTree } from "../tree.ts";
import { chosenFiles, chosenFolders, firstModules, furtherModules, startModules } from "./contents.ts";
import { uncompressKernel } from "./uncompressed-kernel.ts";

export interface EmulatedHostSystem {
  readonly kernel: string;
  readonly initrd: string;
  /** An ext4 file system, to be given as a disk that is only read. */
  readonly image: string;
}

export interface EmulatedHostOptions {
  readonly cacheDirectory: string;
  readonly packageCache: string;
  /** What is being done now, and how much of the whole is done, 0 to 1. */
  readonly progress: (step: string, fraction: number) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const recipe = fileURLToPath(new URL(".", import.meta.url));
const release = "bookworm";

/** The system, built first unless it is there. */
export async function ensureEmulatedHost(options: EmulatedHostOptions): Promise<EmulatedHostSystem> {
  const onWait = () => options.progress("waiting for another build to end", 0);
  const directory = await buildOnce({ ...options, name: `emulated-host-${await recipeDigest()}`, onWait }, async (work) => {
    const made = join(work, "made");
    await mkdir(made);
    await build(work, made, options);
    return made;
  });
  return { kernel: join(directory, "vmlinux"), initrd: join(directory, "first.cpio"), image: join(directory, "image.ext4") };
}

async function build(work: string, made: string, { packageCache, progress, log, signal }: EmulatedHostOptions): Promise<void> {
  progress("reading package indexes", 0);
  const cache = await openPackageCache({ directory: packageCache, release, clock: systemClock, log, signal });
  const files = await cache.files(await choosePackages(cache), (fraction) => progress("downloading packages", 0.1 + 0.4 * fraction));
  progress("unpacking packages", 0.5);
  const [staging, root] = [join(work, "staging"), join(work, "root")];
  await createMergedRoot(staging);
  await extractPackages(files, staging, signal);
  progress("putting the file tree together", 0.8);
  await createMergedRoot(root);
  await layOutTree(staging, root);
  const modules = await openKernelModules(join(staging, "lib/modules"));
  await modules.install([...startModules, ...furtherModules], root);
  const kernel = join(made, "vmlinux");
  await uncompressKernel(join(staging, "boot", `vmlinuz-${modules.version}`), kernel, signal);
  const kernels = join(root, "usr/lib/hostelry/kernels"); // what the agent tries hardware assistance with
  await mkdir(kernels, { recursive: true });
  await cp(kernel, join(kernels, `vmlinux-${modules.version}`));
  await writeFile(join(made, "first.cpio"), await firstFileSystem(await readFile(join(staging, "bin/busybox")), modules));
  progress("writing the disk", 0.9);
  await runCommand("mke2fs", ["-q", "-F", "-t", "ext4", "-m", "0", "-O", "^has_journal", "-d", root, join(made, "image.ext4"), "512M"], { signal });
}

/** The packages with chosen files, the libraries that these depend on, and the kernel's. */
async function choosePackages(cache: PackageCache): Promise<readonly DebianPackage[]> {
  const named = [...Object.keys(chosenFiles), ...Object.keys(chosenFolders)];
  const all = await cache.resolve(named);
  const [kernel] = await cache.find(["linux-image-amd64"]);
  const kernelName = /^\S+/.exec(kernel?.control.get("Depends") ?? "")?.[0];
  if (kernelName === undefined) throw new Error("linux-image-amd64 does not say which kernel it stands for");
  const needed = all.filter(({ name }) => named.includes(name) || /^(?:lib|zlib)(?!.*perl)/.test(name));
  return [...needed, ...(await cache.find([kernelName]))];
}

async function layOutTree(staging: string, root: string): Promise<void> {
  const chosen = Object.values(chosenFiles).flat();
  for (const path of chosen) await copyFromTree(staging, root, path);
  for (const path of Object.values(chosenFolders).flat()) await cp(join(staging, path), join(root, path), { recursive: true });
  await copyLibrariesOf(chosen.filter((path) => !path.startsWith("/etc/") && !path.endsWith(".cnf")), staging, root);
  await linkBusyboxPrograms(root);
  // busybox's shell would take its own programs for those that are here.
  await rm(join(root, "bin/sh"), { force: true });
  await symlink("bash", join(root, "bin/sh"));
  for (const path of ["dev", "proc", "sys", "run", "mnt", "root", "tmp", "var/lib", "var/log", "var/tmp", "etc"]) await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
  await writeFile(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  await copyOwnFiles(join(recipe, "files"), root, (path) => path.startsWith("usr/lib/hostelry/") || path.startsWith("etc/acpi/"));
  await writeFile(join(root, "usr/lib/hostelry/modules"), `${startModules.join("\n")}\n`);
}

/** busybox, the modules without which there is no disk, and `first-init`. */
async function firstFileSystem(busybox: Buffer, modules: KernelModules): Promise<Buffer> {
  const entries: CpioEntry[] = [
    ...["bin", "dev", "modules", "proc", "system"].map((name): CpioEntry => ({ kind: "directory", name })),
    { kind: "character-device", name: "dev/console", major: 5, minor: 1 },
    { kind: "file", name: "init", mode: 0o755, content: await readFile(join(recipe, "first-init")) },
    { kind: "file", name: "bin/busybox", mode: 0o755, content: busybox },
    ...["insmod", "mkdir", "mount", "sh", "switch_root"].map((name): CpioEntry => ({ kind: "link", name: `bin/${name}`, target: "busybox" })),
  ];
  for (const [index, path] of modules.inLoadOrder(firstModules).entries()) {
    entries.push({ kind: "file", name: `modules/${String(index).padStart(2, "0")}-${path.split("/").at(-1)}`, content: await modules.read(path) });
  }
  return cpioArchive(entries);
}

/** Another for every change of what this folder says. */
async function recipeDigest(): Promise<string> {
  const hash = createHash("sha256");
  for (const path of [...(await listTree(recipe))].toSorted()) {
    const file = join(recipe, path);
    if ((await stat(file)).isFile() && !path.endsWith(".test.ts")) hash.update(path).update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 12);
}
