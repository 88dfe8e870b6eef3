/**
 * A QEMU that emulates a network card with virtual functions (`igb`, since 8.0), for emulated hosts alone. Debian 12's own has none, so Debian's newer one is
 * unpacked beside the system, with the libraries that it was built for: nothing is installed, and every other guest keeps to the system's.
 *
 *   CACHE/card-emulator-DIGEST/   usr/bin/qemu-system-x86_64   usr/share/qemu/   usr/lib/…      DIGEST: of this file
 *
 * It is there whole or not at all, and may be deleted at any time. Without it an emulated host has no such card, and says so in the log.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { buildOnce } from "../build-once.ts";
import { runCommand } from "../command.ts";
import type { EmulatedHostOptions } from "../emulated-host/build-emulated-host.ts";
import { openPackageCache, type PackageCache } from "../packages/package-cache.ts";
import { copyLibrariesOf } from "../shared-libraries.ts";
import { copyFromTree, createMergedRoot, extractPackages } from "../tree.ts";

export interface CardEmulator {
  readonly hasCard: boolean;
  /** What QEMU's arguments are put behind. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const program = "qemu-system-x86_64";
const release = "bookworm";
const packages = ["qemu-system-x86", "qemu-system-common", "qemu-system-data", "seabios"];
const [binary, modules, loader] = [`/usr/bin/${program}`, "/usr/lib/x86_64-linux-gnu/qemu", "/lib64/ld-linux-x86-64.so.2"];
const dataFolders = ["usr/share/qemu", "usr/share/seabios"];

/** The system's own QEMU, for a host that is to have no such card. */
export const systemEmulator: CardEmulator = { hasCard: false, command: [program], environment: {} };

/** The system's own QEMU where that has the card or nothing else is to be had. */
export async function findCardEmulator(options: EmulatedHostOptions): Promise<CardEmulator> {
  const { log, signal } = options;
  const known = await runCommand(program, ["-device", "help"], { signal });
  if (known.includes('name "igb"')) return { ...systemEmulator, hasCard: true };
  try {
    return unpacked(await ensureUnpacked(options));
  } catch (error) {
    signal.throwIfAborted();
    log.warn("the emulated host has no network card with virtual functions: Debian's newer QEMU could not be had", { error });
    return systemEmulator;
  }
}

/** Its own loader finds its own libraries, and no others. */
function unpacked(directory: string): CardEmulator {
  const command = [join(directory, loader), "--library-path", join(directory, "usr/lib/x86_64-linux-gnu"), join(directory, binary), ...dataFolders.flatMap((folder) => ["-L", join(directory, folder)])];
  return { hasCard: true, command, environment: { QEMU_MODULE_DIR: join(directory, modules) } };
}

async function ensureUnpacked(options: EmulatedHostOptions): Promise<string> {
  const digest = createHash("sha256").update(await readFile(new URL(import.meta.url))).digest("hex").slice(0, 12);
  const onWait = () => options.progress("waiting for another build to end", 0);
  return buildOnce({ ...options, name: `card-emulator-${digest}`, onWait }, (work) => unpack(work, options));
}

async function unpack(work: string, { packageCache, progress, log, signal }: EmulatedHostOptions): Promise<string> {
  progress("reading package indexes of the network card's emulator", 0);
  const cache = await openPackageCache({ directory: packageCache, release, backports: true, clock: systemClock, log, signal });
  const files = await cache.files(await choosePackages(cache), (fraction) => progress("downloading the network card's emulator", fraction));
  progress("unpacking the network card's emulator", 1);
  const [staging, root] = [join(work, "staging"), join(work, "root")];
  for (const tree of [staging, root]) {
    await mkdir(tree);
    await createMergedRoot(tree);
  }
  await extractPackages(files, staging, signal);
  const translators = (await readdir(join(staging, modules))).filter((name) => name.startsWith("accel-tcg-")).map((name) => `${modules}/${name}`);
  for (const path of [binary, ...translators]) await copyFromTree(staging, root, path);
  for (const path of dataFolders) await cp(join(staging, path), join(root, path), { recursive: true, verbatimSymlinks: true });
  await copyLibrariesOf([binary, ...translators], staging, root);
  return root;
}

/** With the libraries that they ask for. */
async function choosePackages(cache: PackageCache): ReturnType<PackageCache["resolve"]> {
  const all = await cache.resolve(packages);
  return all.filter(({ name }) => packages.includes(name) || /^(?:lib|zlib)(?!.*perl)/.test(name));
}
