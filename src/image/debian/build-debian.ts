/**
 * The `debian-12` image: a Debian system as its own installer would make it (systemd, cloud-init, OpenSSH, networkd, apt), from
 * the package cache alone: mmdebstrap is given a package repository of exactly the resolved packages.
 *
 * How it boots
 * - hvm: firmware → GRUB → /boot/grub/grub.cfg → kernel and a small archive (`../initramfs/init`) → systemd. The guest may
 *   install another kernel: initramfs-tools then makes its own, larger archive, and `update-grub` the new configuration.
 * - paravirtual: the AKI kernel and its ARI (`../initramfs/paravirtual-init`), which mounts the first partition → systemd.
 * After that: systemd-networkd by DHCP → cloud-init with the Ec2 data source (host name, keys) → SSH → user data. Both stages of
 * cloud-init run in one process (`files/usr/local/sbin/cloud-init-stages`), which is loaded while the network is set up.
 */
import { chmod, cp, link, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildGrub } from "../boot-loader/grub.ts";
import { runCommand } from "../command.ts";
import { buildDisk } from "../disk-image.ts";
import type { BuiltDisk, ParavirtualWork } from "../image-work.ts";
import { firstFileSystem } from "../initramfs/initramfs.ts";
import { openKernelModules } from "../kernel-modules.ts";
import { formatAptSources } from "../packages/apt-sources.ts";
import { formatControl } from "../packages/control-file.ts";
import { packageFileName, versionsOf } from "../packages/package-cache.ts";
import type { DebianPackage } from "../packages/package-cache.ts";
import { youngestPackageTime } from "../packages/package-time.ts";
import { copyOwnFiles, installGuestScripts } from "../tree.ts";
import { excludedPaths, includedPackages } from "./contents.ts";

const label = "debian-12";
const release = "bookworm";
const sizeGib = 2;
const ownFiles = fileURLToPath(new URL("files", import.meta.url));
const customizeScript = fileURLToPath(new URL("customize", import.meta.url));
const archiveKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** All that reading `grub.cfg` takes is in the core image: GRUB loads no module from the disk. */
const grubRequest = {
  modules: ["biosdisk", "part_msdos", "ext2", "configfile", "linux", "normal", "search", "search_label", "search_fs_uuid", "minicmd", "test", "echo", "gzio", "all_video", "loadenv", "ls", "cat", "halt", "reboot"],
  prefix: "(hd0,msdos1)/boot/grub",
  commands: "set root=hd0,msdos1\nset prefix=(hd0,msdos1)/boot/grub\nnormal\n",
} as const;

export async function buildDebian(work: ParavirtualWork): Promise<BuiltDisk> {
  const { workDirectory, signal, step, cache } = work;
  const root = join(workDirectory, "root");
  step("downloading packages", 0);
  const packages = await cache.resolve([...(await cache.essentialNames()), ...includedPackages]);
  const files = await cache.files(packages, (fraction) => step("downloading packages", fraction * 0.3));
  const epochSeconds = await youngestPackageTime(files);
  const repository = join(workDirectory, "repository");
  await writeRepository(repository, packages, files);
  step("installing packages", 0.3);
  await bootstrap({ work, root, repository, packages, epochSeconds });
  step("writing the disk", 0.85);
  const kernel = await findKernel(root);
  await replaceArchive(work, root, kernel);
  await finishTree(work, root, kernel);
  const bootLoader = await buildGrub({ ...grubRequest, workDirectory, signal });
  const disk = await buildDisk({
    tree: root, sizeGib, label, workDirectory, signal, epochSeconds, firstMib: 1, bootLoader,
    uuid: "7e1d0c52-9e0b-4c07-9f1a-2f0d1c0a0002", signature: 0x7e1d_0c53, journalMib: 32, bytesPerInode: 16384,
  });
  return {
    disk, sizeGib, packages: versionsOf(packages),
    description: "Debian 12 with systemd, cloud-init and OpenSSH",
    kernel: { name: `vmlinuz-${kernel}`, file: join(root, "boot", `vmlinuz-${kernel}`) },
  };
}

/** A repository in the form of one folder: the package files and an index of them. */
async function writeRepository(folder: string, packages: readonly DebianPackage[], files: readonly string[]): Promise<void> {
  await mkdir(folder);
  const entries: string[] = [];
  for (const [index, wanted] of packages.entries()) {
    const name = packageFileName(wanted);
    await linkOrCopy(files[index] ?? "", join(folder, name));
    entries.push(formatControl(new Map([...wanted.control, ["Filename", `./${name}`]])));
  }
  await writeFile(join(folder, "Packages"), entries.join("\n"));
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => cp(from, to)); // the cache may be another file system
}

interface Bootstrap {
  readonly work: ParavirtualWork;
  readonly root: string;
  readonly repository: string;
  readonly packages: readonly DebianPackage[];
  readonly epochSeconds: number;
}

async function bootstrap({ work, root, repository, packages, epochSeconds }: Bootstrap): Promise<void> {
  const own = join(work.workDirectory, "own-files");
  await copyOwnFiles(ownFiles, own, (path) => path.startsWith("usr/local/sbin/"));
  await installGuestScripts(own);
  let installed = 0;
  const watch = (line: string) => {
    if (/^(?:I: |Setting up )/.test(line)) installed += 1;
    work.step("installing packages", Math.min(0.84, 0.3 + installed * 0.002));
  };
  // In namespaces of its own: however the build ends, no process of it stays and no mount of it, which deleting the work directory
  // would otherwise walk into.
  await runCommand(
    "unshare",
    [
      ...["--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["mmdebstrap", "--mode=root", "--variant=apt", "--format=directory", "--architectures=amd64", "--verbose"],
      `--include=${packages.map(({ name }) => name).join(",")}`,
      ...excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
      "--dpkgopt=force-confold",
      '--aptopt=APT::Install-Recommends "false"',
      // Configuration of initramfs-tools has to be there before a kernel is installed; other files wait for their packages.
      `--essential-hook=mkdir -p "$1/etc/initramfs-tools" && cp -r "${own}/etc/initramfs-tools/." "$1/etc/initramfs-tools/"`,
      `--customize-hook=cp -r "${own}/." "$1/"`,
      `--customize-hook=sh "${customizeScript}" "$1"`,
      release, root, `deb [trusted=yes] copy:${repository} ./`,
    ],
    { signal: work.signal, onLine: watch, environment: { SOURCE_DATE_EPOCH: String(epochSeconds), DEBIAN_FRONTEND: "noninteractive", TMPDIR: work.workDirectory } },
  );
}

async function findKernel(root: string): Promise<string> {
  const kernel = (await readdir(join(root, "boot"))).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new Error("the installed system has no kernel");
  return kernel.slice("vmlinuz-".length);
}

/** initramfs-tools' archive starts udev and looks at every device, which takes an emulated machine many seconds; ours does not. */
async function replaceArchive(work: ParavirtualWork, root: string, kernel: string): Promise<void> {
  const archive = await firstFileSystem(work.busybox, await openKernelModules(join(root, "usr/lib/modules")));
  await writeFile(join(root, "boot", `initrd.img-${kernel}`), archive);
}

async function finishTree(work: ParavirtualWork, root: string, kernel: string): Promise<void> {
  await mkdir(join(root, "boot/grub"), { recursive: true });
  await writeFile(join(root, "boot/grub/grub.cfg"), grubConfiguration(kernel));
  const sources = work.cache.sources.map(({ uris, suites, components }) => ({ uris, suites, components, signedBy: archiveKeyring }));
  await rm(join(root, "etc/apt/sources.list"), { force: true });
  await writeFile(join(root, "etc/apt/sources.list.d/debian.sources"), formatAptSources(sources));
  const modules = join("usr/lib/modules", work.paravirtual.version);
  await cp(join(work.paravirtual.directory, "modules", work.paravirtual.version), join(root, modules), { recursive: true });
  await chmod(join(root, "root"), 0o700);
}

/** What the image boots with until `update-grub` writes its own: one entry, no menu, no waiting. */
function grubConfiguration(kernel: string): string {
  return [
    "set timeout=0",
    "set default=0",
    'menuentry "Debian GNU/Linux" {',
    `  linux /boot/vmlinuz-${kernel} root=LABEL=${label} ro console=tty0 console=ttyS0,115200 cryptomgr.notests no_timer_check`,
    `  initrd /boot/initrd.img-${kernel}`,
    "}",
    "",
  ].join("\n");
}
