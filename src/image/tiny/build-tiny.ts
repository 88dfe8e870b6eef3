/**
 * The `tiny` image: Debian's cloud kernel, busybox, dropbear and a boot script that anyone can read, made to be logged in to
 * soon. Built from package files alone: nothing of a package is executed and nothing is mounted.
 *
 * How it boots
 * - hvm: firmware → GRUB, whose first commands name the kernel → kernel and a small archive in memory (`../initramfs/init`) →
 *   root file system by its label → busybox init → `files/usr/lib/ec2-boot/boot`.
 * - paravirtual: the AKI kernel mounts the first partition → busybox init → the same boot script.
 */
import { chmod, chown, copyFile, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { linuxLoader } from "../boot-loader/linux-loader.ts";
import { runCommand } from "../command.ts";
import { buildDisk } from "../disk-image.ts";
import type { BuiltDisk, ImageWork } from "../image-work.ts";
import { firstFileSystem, firstModules } from "../initramfs/initramfs.ts";
import { openKernelModules } from "../kernel-modules.ts";
import { versionsOf } from "../packages/package-cache.ts";
import { youngestPackageTime } from "../packages/package-time.ts";
import { copyLibrariesOf } from "../shared-libraries.ts";
import { copyOwnFiles, createMergedRoot, extractPackages, installGuestScripts, resolveInTree } from "../tree.ts";
import { certificatePackage, chosenFiles, firmwareModules, linkedNames, paravirtualModules, setUserIdFiles } from "./contents.ts";

const label = "tiny";
const sizeGib = 1;
const adminId = 1000;
const ownFiles = fileURLToPath(new URL("files", import.meta.url));

/**
 * Words for Debian's kernel. Left out is what costs an emulated machine much and this image nothing: self-tests of cryptography (0.6 s),
 * probes for tracing (0.2 s), a random load address, mandatory access control. `no_timer_check`: an emulated timer can be too
 * late for the kernel's taste.
 */
const kernelWords = [
  `root=LABEL=${label}`,
  ...["ro", "quiet", "console=tty0", "console=ttyS0,115200", "nokaslr", "cryptomgr.notests", "initcall_blacklist=init_kprobe_trace"],
  ...["no_timer_check", "tsc=reliable", "random.trust_cpu=on", "rcupdate.rcu_expedited=1", "apparmor=0", "audit=0", "panic=5"],
];

export async function buildTiny(work: ImageWork): Promise<BuiltDisk> {
  const { workDirectory, signal, step } = work;
  const staging = join(workDirectory, "staging");
  const root = join(workDirectory, "root");
  step("downloading packages", 0);
  const packages = await choosePackages(work);
  const files = await work.cache.files(packages, (fraction) => step("downloading packages", fraction * 0.5));
  const epochSeconds = await youngestPackageTime(files);
  step("unpacking packages", 0.5);
  await createMergedRoot(staging);
  await extractPackages(files, staging, signal);
  step("putting the file tree together", 0.75);
  await createMergedRoot(root);
  await layOutTree(staging, root);
  const modules = await openKernelModules(join(staging, "lib/modules"));
  await modules.install([...firstModules, ...firmwareModules], root);
  await (await openKernelModules(join(work.paravirtual.directory, "modules"))).install(paravirtualModules, root);
  const kernelImage = await readFile(join(staging, "boot", `vmlinuz-${modules.version}`));
  step("writing the disk", 0.85);
  const disk = await buildDisk({
    tree: root, sizeGib, label, workDirectory, signal, epochSeconds,
    uuid: "7e1d0c52-9e0b-4c07-9f1a-2f0d1c0a0001", signature: 0x7e1d_0c52, journalMib: 8, bytesPerInode: 16384,
    firstMib: 32, bootLoader: linuxLoader({ kernel: kernelImage, archive: await firstFileSystem(await readFile(join(staging, "bin/busybox")), modules), commandLine: kernelWords.join(" ") }),
  });
  const kernel = { name: `vmlinuz-${modules.version}`, file: join(staging, "boot", `vmlinuz-${modules.version}`) };
  return { disk, sizeGib, kernel, packages: versionsOf(packages), description: "Debian kernel, busybox, dropbear; boots in seconds" };
}

/** The packages with chosen files, the libraries that these depend on, and the kernel's. */
async function choosePackages({ cache }: ImageWork) {
  const named = [...Object.keys(chosenFiles), certificatePackage];
  const all = await cache.resolve(named);
  const [cloudKernel] = await cache.find(["linux-image-cloud-amd64"]);
  const kernelName = /^\S+/.exec(cloudKernel?.control.get("Depends") ?? "")?.[0];
  if (kernelName === undefined) throw new Error("linux-image-cloud-amd64 does not say which kernel it stands for");
  const needed = all.filter(({ name }) => named.includes(name) || (/^(?:lib|zlib)(?!.*perl)/.test(name)));
  return [...needed, ...(await cache.find([kernelName]))];
}

async function layOutTree(staging: string, root: string): Promise<void> {
  const chosen = Object.values(chosenFiles).flat();
  for (const path of chosen) await copyInto(staging, root, path);
  await copyLibrariesOf(chosen, staging, root);
  await linkBusyboxPrograms(root);
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

async function copyInto(staging: string, root: string, path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await copyFile(await resolveInTree(staging, path), join(root, path));
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

/** A link for every program that busybox can be, except where the tree has the real one. */
async function linkBusyboxPrograms(root: string): Promise<void> {
  const listed = await runCommand(join(root, "bin/busybox"), ["--list-full"], { signal: AbortSignal.timeout(10_000) });
  for (const path of listed.split("\n").filter((line) => line !== "")) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink("/usr/bin/busybox", join(root, path)).catch(() => undefined); // the real program is there
  }
}

async function writeCertificates(staging: string, root: string): Promise<void> {
  const folder = join(staging, "usr/share/ca-certificates/mozilla");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".crt")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  await mkdir(join(root, "etc/ssl/certs"), { recursive: true });
  await writeFile(join(root, "etc/ssl/certs/ca-certificates.crt"), texts.join(""));
}
