/**
 * Takes some modules out of a kernel's, with all that they depend on, and writes the index that `modprobe` reads. A module that
 * this kernel has built in, or lacks, is left out: both are normal between versions.
 */
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { neededModules } from "./elf.ts";
import { listTree } from "./tree.ts";

export interface KernelModules {
  readonly version: string;
  /** Paths below the module directory, `kernel/drivers/…`, each after those that it depends on. */
  readonly inLoadOrder: (names: readonly string[]) => readonly string[];
  readonly read: (path: string) => Promise<Buffer>;
  /** Copies these modules to `root`/lib/modules/VERSION and writes their `modules.dep` and `modules.alias`. */
  readonly install: (names: readonly string[], root: string) => Promise<void>;
}

/** Reads the only version in a directory such as `/lib/modules`. */
export async function openKernelModules(directory: string): Promise<KernelModules> {
  const [version, ...others] = await readdir(directory);
  if (version === undefined || others.length > 0) throw new Error(`there must be exactly one kernel version in ${directory}`);
  const home = join(directory, version);
  const paths = new Map<string, string>();
  for (const path of await listTree(home)) if (path.endsWith(".ko")) paths.set(moduleName(path), path);
  const needs = new Map<string, readonly string[]>();
  for (const [name, path] of paths) needs.set(name, neededModules(await readFile(join(home, path))).map(moduleName));
  const inLoadOrder = (names: readonly string[]) => loadOrder(names.map(moduleName), paths, needs);
  return {
    version,
    inLoadOrder,
    read: (path) => readFile(join(home, path)),
    install: (names, root) => install({ home, names, target: join(root, "usr/lib/modules", version), inLoadOrder, needs }),
  };
}

/** Files are called `virtio-rng.ko`, the kernel says `virtio_rng`. */
function moduleName(path: string): string {
  return basename(path, ".ko").replaceAll("-", "_");
}

function loadOrder(names: readonly string[], paths: ReadonlyMap<string, string>, needs: ReadonlyMap<string, readonly string[]>): string[] {
  const ordered = new Set<string>();
  const visit = (name: string) => {
    const path = paths.get(name);
    if (path === undefined || ordered.has(path)) return;
    for (const needed of needs.get(name) ?? []) visit(needed);
    ordered.add(path);
  };
  names.forEach(visit);
  return [...ordered];
}

interface Installation {
  readonly home: string;
  readonly names: readonly string[];
  readonly target: string;
  readonly inLoadOrder: KernelModules["inLoadOrder"];
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

async function install({ home, names, target, inLoadOrder, needs }: Installation): Promise<void> {
  const dependencies: string[] = [];
  const aliases: string[] = [];
  for (const path of inLoadOrder(names)) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await copyFile(join(home, path), join(target, path));
    // Nearest first, as depmod writes them: modprobe loads from the end of the line.
    const behind = inLoadOrder(needs.get(moduleName(path)) ?? []).toReversed();
    dependencies.push(`${path}: ${behind.join(" ")}`.trim());
    const content = (await readFile(join(home, path))).toString("latin1");
    for (const [, alias = ""] of content.matchAll(/\0alias=([^\0]+)/g)) aliases.push(`alias ${alias} ${moduleName(path)}`);
  }
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "modules.dep"), `${dependencies.join("\n")}\n`);
  await writeFile(join(target, "modules.alias"), `${aliases.join("\n")}\n`);
  for (const name of ["modules.builtin", "modules.builtin.modinfo"]) {

    await copyFile(join(home, name), join(target, name)).catch(() => undefined); // not every kernel package has all of them
  }
}
