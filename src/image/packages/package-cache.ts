/**
 * Debian packages by name, from this machine's own mirror, kept for ever.
 *
 * The cache is a folder with apt's state (its own: the machine's is not touched) and the package files. What it promises:
 * - versions come from the mirror's newest indexes, or, when the mirror cannot be reached, from the indexes fetched last; a
 *   build whose packages are all in the cache needs no network;
 * - every package file is checked against the signed index's SHA-256 before use, also when it was in the cache already;
 * - a download that was cut off leaves nothing under a package's final name.
 * The caller holds the build lock; two openings at once would meet in apt's own lock and fail.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../../base/clock.ts";
import { CapabilityError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { CommandError, runCommand } from "../command.ts";
import { backportsOf, debianSourcesFor, formatAptSources, parseAptSources, withBackports } from "./apt-sources.ts";
import type { AptSource } from "./apt-sources.ts";
import { parseControl } from "./control-file.ts";
import type { ControlParagraph } from "./control-file.ts";

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The whole entry of the index. */
  readonly control: ControlParagraph;
}

export interface PackageCache {
  /** The mirror's sources, as a guest of the same release would write them. */
  readonly sources: readonly AptSource[];
  /** The newest version of each of these packages, without what they depend on. */
  find(names: readonly string[]): Promise<readonly DebianPackage[]>;
  /** These packages and all that they depend on, in alphabetical order. */
  resolve(names: readonly string[]): Promise<readonly DebianPackage[]>;
  /** The names of the packages that every Debian system must have. */
  essentialNames(): Promise<readonly string[]>;
  /** The packages' files, downloaded if missing, in the order asked for. */
  files(packages: readonly DebianPackage[], onProgress: (fraction: number) => void): Promise<readonly string[]>;
}

export interface PackageCacheOptions {
  readonly directory: string;
  readonly release: string;
  /** Whose packages; absent: amd64. */
  readonly architecture?: "arm64";
  /** Rather packages of newer versions that were built for the release. A cache has them always or never. */
  readonly backports?: true;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const indexLifeMs = 6 * 3600_000;

export async function openPackageCache(options: PackageCacheOptions): Promise<PackageCache> {
  const { directory, release, architecture = "amd64", backports, signal } = options;
  const own = debianSourcesFor(release, await hostSources());
  const sources = backports === true ? withBackports(release, own) : own;
  const apt = join(directory, architecture === "amd64" ? "apt" : `apt-${architecture}`);
  await mkdir(join(apt, "lists", "partial"), { recursive: true });
  await mkdir(join(apt, "cache", "archives", "partial"), { recursive: true });
  await mkdir(join(directory, "packages"), { recursive: true });
  const configuration = join(apt, "apt.conf");
  await writeFile(join(apt, "debian.sources"), formatAptSources(sources));
  await writeFile(join(apt, "status"), "");
  await writeFile(configuration, aptConfiguration(apt, architecture, backports === true ? [`APT::Default-Release "${backportsOf(release)}";`] : []));
  const run = (program: string, args: readonly string[], onLine?: (line: string) => void, cwd?: string) =>
    runCommand(program, ["-c", configuration, ...args], { signal, ...(onLine === undefined ? {} : { onLine }), ...(cwd === undefined ? {} : { cwd }) });
  await refreshIndexes(apt, run, options);
  return {
    sources,
    find: (names) => findPackages(run, names),
    resolve: async (names) => findPackages(run, await closure(run, names)),
    essentialNames: () => essentialNames(run),
    files: (packages, onProgress) => packageFiles(join(directory, "packages"), packages, run, onProgress),
  };
}

type RunApt = (program: string, args: readonly string[], onLine?: (line: string) => void, cwd?: string) => Promise<string>;

/** Proxies and credentials of the machine's apt stay in force: its own configuration folder is read before this. */
function aptConfiguration(apt: string, architecture: string, more: readonly string[]): string {
  return [
    "#clear APT::Update::Post-Invoke;",
    "#clear APT::Update::Post-Invoke-Success;",
    `Dir::State "${apt}";`,
    `Dir::State::lists "${apt}/lists";`,
    `Dir::State::status "${apt}/status";`,
    `Dir::Cache "${apt}/cache";`,
    `Dir::Cache::pkgcache "${apt}/cache/pkgcache.bin";`,
    `Dir::Cache::srcpkgcache "${apt}/cache/srcpkgcache.bin";`,
    `Dir::Etc::sourcelist "${apt}/debian.sources";`,
    'Dir::Etc::sourceparts "-";',
    'Dir::Etc::preferences "-";',
    'Dir::Etc::preferencesparts "-";',
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    'APT::Install-Recommends "false";',
    'APT::Sandbox::User "root";',
    'APT::Get::List-Cleanup "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    ...more,
    "",
  ].join("\n");
}

async function hostSources(): Promise<AptSource[]> {
  const folder = "/etc/apt/sources.list.d";
  const names = await readdir(folder).catch(() => []);
  const files = ["/etc/apt/sources.list", ...names.sort().map((name) => join(folder, name))];
  const read = files.filter((file) => /\.(?:list|sources)$/.test(file)).map(async (file) => parseAptSources(file, await readFile(file, "utf8").catch(() => "")));
  return (await Promise.all(read)).flat();
}

async function refreshIndexes(apt: string, run: RunApt, { clock, log, signal }: PackageCacheOptions): Promise<void> {
  const marker = join(apt, "refreshed");
  const refreshed = await stat(marker).then(({ mtimeMs }) => mtimeMs, () => 0);
  if (clock.now() - refreshed < indexLifeMs) return;
  try {
    await run("apt-get", ["-o", "APT::Update::Error-Mode=any", "update"]);
    await writeFile(marker, "");
  } catch (cause) {
    signal.throwIfAborted();
    const known = (await readdir(join(apt, "lists"))).some((name) => name.includes("_Packages"));
    if (!known || !(cause instanceof CommandError)) {
      throw new CapabilityError("the Debian mirror cannot be reached and there is no package index of an earlier build", "check the network and /etc/apt, then try again", { cause });
    }
    log.warn("the Debian mirror cannot be reached; the package index of an earlier build is used", { error: cause });
  }
}

async function closure(run: RunApt, names: readonly string[]): Promise<string[]> {
  const plan = await run("apt-get", ["install", "--simulate", "--yes", ...names]);
  const chosen = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)].map(([, name = "", version = ""]) => `${name.replace(/:amd64$/, "")}=${version}`);
  return chosen.sort();
}

async function findPackages(run: RunApt, names: readonly string[]): Promise<DebianPackage[]> {
  const text = await run("apt-cache", ["show", "--no-all-versions", ...names]);
  const found = new Map(parseControl(text).map((control) => [control.get("Package") ?? "", control]));
  return names.map((wanted) => {
    const name = wanted.split("=")[0] ?? wanted;
    const control = found.get(name);
    if (control === undefined) throw new Error(`Debian has no package named ${name}`);
    return toPackage(name, control);
  });
}

function toPackage(name: string, control: ControlParagraph): DebianPackage {
  const field = (key: string) => {
    const value = control.get(key);
    if (value === undefined) throw new Error(`the index entry of ${name} has no field ${key}`);
    return value;
  };
  return {
    name,
    version: field("Version"),
    architecture: field("Architecture"),
    sha256: field("SHA256"),
    sizeBytes: Number(field("Size")),
    control,
  };
}

async function essentialNames(run: RunApt): Promise<string[]> {
  const all = parseControl(await run("apt-cache", ["dumpavail"]));
  return all.filter((control) => control.get("Essential") === "yes").map((control) => control.get("Package") ?? "");
}

/** The name that apt gives a package's file; a colon, as in an epoch, is written `%3a`. */
export function packageFileName({ name, version, architecture }: DebianPackage): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
}

/** Name to version, for an image's manifest. */
export function versionsOf(packages: readonly DebianPackage[]): Record<string, string> {
  return Object.fromEntries(packages.map(({ name, version }) => [name, version]));
}

async function packageFiles(folder: string, packages: readonly DebianPackage[], run: RunApt, onProgress: (fraction: number) => void): Promise<string[]> {
  const missing: DebianPackage[] = [];
  for (const wanted of packages) {
    if ((await sha256OfFile(join(folder, packageFileName(wanted))).catch(() => "")) !== wanted.sha256) missing.push(wanted);
  }
  if (missing.length > 0) await download(folder, missing, run, onProgress);
  onProgress(1);
  return packages.map((wanted) => join(folder, packageFileName(wanted)));
}

async function download(folder: string, packages: readonly DebianPackage[], run: RunApt, onProgress: (fraction: number) => void): Promise<void> {
  const arriving = await mkdtemp(join(folder, "arriving-"));
  try {
    const names = packages.map(({ name, version }) => `${name}=${version}`);
    const watch = (line: string) => {
      const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1];
      if (percent !== undefined) onProgress(Number(percent) / 100);
    };
    await run("apt-get", ["-q", "-o", "APT::Status-Fd=2", "download", ...names], watch, arriving);
    for (const wanted of packages) {
      const file = join(arriving, packageFileName(wanted));
      if ((await sha256OfFile(file)) !== wanted.sha256) throw new Error(`the file of package ${wanted.name} is not the one that the index describes`);
      await rename(file, join(folder, packageFileName(wanted)));
    }
  } finally {
    await rm(arriving, { recursive: true, force: true });
  }
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
