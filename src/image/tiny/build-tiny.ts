/**
 * The `tiny` image: Debian's cloud kernel, busybox, dropbear and a boot script that anyone can read, made to be logged in to
 * soon. Built from package files alone: nothing of a package is executed and nothing is mounted.
 *
 * How it boots
 * - hvm: firmware → GRUB, whose first commands name the kernel → kernel and a small archive in memory (`../initramfs/init`) →
 *   root file system by its label → busybox init → `files/usr/lib/ec2-boot/boot`.
 * - paravirtual: the AKI kernel and its ARI (`../initramfs/paravirtual-init`), which mounts the first partition → busybox init → the same boot script.
 *
 * `tiny-vf` is the same with Debian's ordinary kernel, which takes longer to boot and has drivers of network cards' virtual functions and of emulated cards. `tiny-arm64` is the same of
 * Debian's packages for arm64, for machines with UEFI firmware: firmware → one file that is kernel and archive in memory (`../boot-loader/efi-loader.ts`) → as above.
 */
import { chmod, chown, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BootLoader } from "../boot-loader/boot-loader.ts";
import { efiLoader } from "../boot-loader/efi-loader.ts";
import { linuxLoader } from "../boot-loader/linux-loader.ts";
import { linkBusyboxPrograms } from "../busybox.ts";
import { buildDisk } from "../disk-image.ts";
import type { BuiltDisk, ImageWork, ParavirtualKernel, ParavirtualWork } from "../image-work.ts";
import { firstFileSystem, firstModules, ordinaryModules } from "../initramfs/initramfs.ts";
import { openKernelModules } from "../kernel-modules.ts";
import { versionsOf } from "../packages/package-cache.ts";
import { youngestPackageTime } from "../packages/package-time.ts";
import { copyLibrariesOf } from "../shared-libraries.ts";
import { copyFromTree, copyOwnFiles, createMergedRoot, extractPackages, installGuestScripts } from "../tree.ts";
import { certificatePackage, chosenFiles, firmwareModules, linkedNames, paravirtualModules, setUserIdFiles } from "./contents.ts";

const label = "tiny";
const sizeGib = 1;
const adminId = 1000;
const ownFiles = fileURLToPath(new URL("files", import.meta.url));

/**
 * Words for Debian's kernel, which writes to this serial line and has these further ones about its clock. Left out is what costs an emulated machine much and this image nothing: self-tests of cryptography (0.6 s),
 * probes for tracing (0.2 s), a random load address, mandatory access control. `no_timer_check`: an emulated timer can be too
 * late for the kernel's taste.
 */
function kernelWords(serialLine: string, clock: readonly string[]): string {
  return [
    `root=LABEL=${label}`,
    ...["ro", "quiet", "console=tty0", `console=${serialLine},115200`, "nokaslr", "cryptomgr.notests", "initcall_blacklist=init_kprobe_trace"],
    ...[...clock, "random.trust_cpu=on", "rcupdate.rcu_expedited=1", "apparmor=0", "audit=0", "panic=5"],
  ].join(" ");
}

interface TinyKind {
  /** The package that stands for the newest kernel. */
  readonly kernelPackage: string;
  /** In the first file system. */
  readonly first: readonly string[];
  /** Hypervisors are tried with it. */
  readonly probes: boolean;
  /** Debian's libraries of the architecture. */
  readonly libraries: string;
  /** Absent: paravirtual guests do not boot it. */
  readonly paravirtual?: ParavirtualKernel;
  readonly loaderPackages: readonly string[];
  /** `staging` has what the packages have. */
  readonly bootLoader: (kernel: Buffer, archive: Buffer, staging: string) => Promise<BootLoader>;
  readonly description: string;
}

const forPc = {
  libraries: "/lib/x86_64-linux-gnu",
  loaderPackages: [],
  bootLoader: async (kernel: Buffer, archive: Buffer) => linuxLoader({ kernel, archive, commandLine: kernelWords("ttyS0", ["no_timer_check", "tsc=reliable"]) }),
} as const;

export function buildTiny(work: ParavirtualWork): Promise<BuiltDisk> {
  const description = "Debian kernel, busybox, dropbear; boots in seconds";
  return build(work, { ...forPc, paravirtual: work.paravirtual, kernelPackage: "linux-image-cloud-amd64", first: firstModules, probes: true, description });
}

export function buildTinyForFunctions(work: ParavirtualWork): Promise<BuiltDisk> {
  const description = "As tiny, with drivers of network cards' virtual functions and of emulated cards";
  return build(work, { ...forPc, paravirtual: work.paravirtual, kernelPackage: "linux-image-amd64", first: ordinaryModules, probes: false, description });
}

export function buildTinyForArm64(work: ImageWork): Promise<BuiltDisk> {
  return build(work, {
    kernelPackage: "linux-image-cloud-arm64",
    first: ordinaryModules,
    probes: false,
    libraries: "/lib/aarch64-linux-gnu",
    loaderPackages: ["systemd-boot-efi"],
    bootLoader: async (kernel, archive, staging) =>
      efiLoader({ stub: await readFile(join(staging, "usr/lib/systemd/boot/efi/linuxaa64.efi.stub")), kernel, archive, commandLine: kernelWords("ttyAMA0", []) }),
    description: "As tiny, for arm64",
  });
}

async function build(work: ImageWork, kind: TinyKind): Promise<BuiltDisk> {
  const { first, paravirtual } = kind;
  const { workDirectory, signal, step } = work;
  const staging = join(workDirectory, "staging");
  const root = join(workDirectory, "root");
  step("downloading packages", 0);
  const packages = await choosePackages(work, kind);
  const files = await work.cache.files(packages, (fraction) => step("downloading packages", fraction * 0.5));
  const epochSeconds = await youngestPackageTime(files);
  step("unpacking packages", 0.5);
  await createMergedRoot(staging);
  await extractPackages(files, staging, signal);
  step("putting the file tree together", 0.75);
  await createMergedRoot(root);
  await layOutTree(staging, root, work.runnableBusybox, kind);
  const modules = await openKernelModules(join(staging, "lib/modules"));
  await modules.install([...first, ...firmwareModules], root);
  if (paravirtual !== undefined) await (await openKernelModules(join(paravirtual.directory, "modules"))).install(paravirtualModules, root);
  const kernel = { name: `vmlinuz-${modules.version}`, file: join(staging, "boot", `vmlinuz-${modules.version}`) };
  step("writing the disk", 0.85);
  const bootLoader = await kind.bootLoader(await readFile(kernel.file), await firstFileSystem(work.busybox, modules, first), staging);
  const disk = await buildDisk({
    tree: root, sizeGib, label, workDirectory, signal, epochSeconds,
    uuid: "7e1d0c52-9e0b-4c07-9f1a-2f0d1c0a0001", signature: 0x7e1d_0c52, journalMib: 8, bytesPerInode: 16384,
    firstMib: Math.max(32, Math.ceil(bootLoader.content.length / 2 ** 20) + 1), bootLoader,
  });
  return { disk, sizeGib, ...(kind.probes ? { kernel } : {}), packages: versionsOf(packages), description: kind.description };
}

/** The packages with chosen files, the libraries that these depend on, and the kernel's. */
async function choosePackages({ cache }: ImageWork, { kernelPackage, libraries, loaderPackages }: TinyKind) {
  const named = [...Object.keys(chosenFiles(libraries)), certificatePackage];
  const all = await cache.resolve(named);
  const [kernel] = await cache.find([kernelPackage]);
  const kernelName = /^\S+/.exec(kernel?.control.get("Depends") ?? "")?.[0];
  if (kernelName === undefined) throw new Error(`${kernelPackage} does not say which kernel it stands for`);
  const needed = all.filter(({ name }) => named.includes(name) || (/^(?:lib|zlib)(?!.*perl)/.test(name)));
  return [...needed, ...(await cache.find([kernelName, ...loaderPackages]))];
}

async function layOutTree(staging: string, root: string, runnableBusybox: string, { libraries }: TinyKind): Promise<void> {
  const chosen = Object.values(chosenFiles(libraries)).flat();
  for (const path of chosen) await copyFromTree(staging, root, path);
  await copyLibrariesOf(chosen, staging, root);
  await linkBusyboxPrograms(root, runnableBusybox);
  for (const [path, target] of Object.entries(linkedNames)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await rm(join(root, path), { force: true });
    await symlink(target, join(root, path));
  }
  await writeCertificates(staging, root);
  for (const path of ["dev", "proc", "sys", "run", "mnt", "media", "srv", "opt", "root", "home/admin/.ssh", "usr/local/bin", "usr/local/sbin", "var/lib/cloud/data", "var/lib/cloud/instances", "var/log", "var/spool/cron/crontabs", "var/tmp", "tmp", "etc/dropbear"]) {
    await mkdir(join(root, path), { recursive: true });
  }
  await symlink("/run", join(root, "var/run"));
  await copyOwnFiles(ownFiles, root, isProgram);
  await installGuestScripts(root);
  await setModes(root);
}

function isProgram(path: string): boolean {
  return path.startsWith("usr/bin/") || path.startsWith("etc/acpi/") || (path.startsWith("usr/lib/ec2-boot/") && !path.endsWith(".sh"));
}

async function setModes(root: string): Promise<void> {
  for (const path of setUserIdFiles) await chmod(join(root, path), 0o4755);
  for (const path of ["tmp", "var/tmp"]) await chmod(join(root, path), 0o1777);
  for (const path of ["etc/sudoers"]) await chmod(join(root, path), 0o440);
  await chmod(join(root, "etc/shadow"), 0o600);
  await chmod(join(root, "root"), 0o700);
  await writeFile(join(root, "home/admin/.ssh/authorized_keys"), "");
  await chmod(join(root, "home/admin/.ssh"), 0o700);
  await chmod(join(root, "home/admin/.ssh/authorized_keys"), 0o600);
  for (const path of ["home/admin", "home/admin/.ssh", "home/admin/.ssh/authorized_keys"]) await chown(join(root, path), adminId, adminId);
}

async function writeCertificates(staging: string, root: string): Promise<void> {
  const folder = join(staging, "usr/share/ca-certificates/mozilla");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".crt")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  await mkdir(join(root, "etc/ssl/certs"), { recursive: true });
  await writeFile(join(root, "etc/ssl/certs/ca-certificates.crt"), texts.join(""));
}
