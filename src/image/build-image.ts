/**
 * Builds an image into the images folder. What it promises:
 * - the image is there, whole, exactly when its manifest is: the disk file and kernels come first, the manifest last;
 * - a disk file, once named, is never written again; a second build with the same result finds it there;
 * - a build that was killed leaves only `.build-…` folders, which the next build removes;
 * - two builds in one folder at once: the second waits;
 * - the same packages give the same bytes, with or without a network.
 * It refuses to run without root: owners inside the image could not be set.
 */
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { CapabilityError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { takeBuildLock } from "./build-lock.ts";
import { buildDebian } from "./debian/build-debian.ts";
import type { BuiltDisk, ImageWork, ParavirtualKernel, ParavirtualWork } from "./image-work.ts";
import { writeManifest } from "./manifest.ts";
import type { ImageManifest } from "./manifest.ts";
import { openPackageCache, sha256OfFile, type PackageCacheOptions } from "./packages/package-cache.ts";
import { unpackParavirtualKernel } from "./paravirtual-kernel.ts";
import { unpackStaticBusybox } from "./static-busybox.ts";
import { buildTiny, buildTinyForArm64, buildTinyForFunctions } from "./tiny/build-tiny.ts";

/** The images that can be built here. */
export const buildableImages = ["tiny", "debian-12", "tiny-vf", "tiny-arm64"] as const;
export type BuildableImage = (typeof buildableImages)[number];

export interface BuildOptions {
  readonly imagesDirectory: string;
  /** Package files and indexes; keeps growing, may be deleted at any time between builds. */
  readonly cacheDirectory: string;
  /** What is being done now, and how much of the whole is done, 0 to 1. */
  readonly progress: (step: string, fraction: number) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

type Recipe =
  | { readonly architecture: "x86_64"; readonly build: (work: ParavirtualWork) => Promise<BuiltDisk> }
  | { readonly architecture: "arm64"; readonly build: (work: ImageWork) => Promise<BuiltDisk> };

const recipes: Readonly<Record<BuildableImage, Recipe>> = {
  tiny: { architecture: "x86_64", build: buildTiny },
  "debian-12": { architecture: "x86_64", build: buildDebian },
  "tiny-vf": { architecture: "x86_64", build: buildTinyForFunctions },
  "tiny-arm64": { architecture: "arm64", build: buildTinyForArm64 },
};

export function architectureOf(name: BuildableImage): ImageManifest["architecture"] {
  return recipes[name].architecture;
}

const release = "bookworm";
const workPrefix = ".build-";

export async function buildImage(name: BuildableImage, options: BuildOptions): Promise<ImageManifest> {
  if (process.getuid?.() !== 0) throw new CapabilityError("building an image needs root", "run it with sudo");
  const { imagesDirectory, cacheDirectory, progress, log, signal } = options;
  const clock = options.clock ?? systemClock;
  const startedAt = clock.now();
  const onWait = () => progress("waiting for another build to end", 0);
  await using _cacheLock = await takeBuildLock(cacheDirectory, "packages", signal, onWait);
  await using _imagesLock = await takeBuildLock(imagesDirectory, "build", signal, onWait);
  await removeLeftovers(imagesDirectory, workPrefix);
  const workDirectory = await mkdtemp(join(imagesDirectory, workPrefix));
  // Directories of the image get their modes from here, in this process and in the programs that it runs.
  const umask = process.umask(0o022);
  try {
    progress("reading package indexes", 0);
    const cacheOptions = { directory: cacheDirectory, release, clock, log, signal };
    const native = await openPackageCache(cacheOptions);
    const runnableBusybox = await unpackStaticBusybox(join(workDirectory, "busybox"), { cache: native, signal });
    const step = (text: string, fraction: number) => progress(text, 0.1 + 0.85 * fraction);
    const common = { workDirectory, runnableBusybox, step, signal };
    const recipe = recipes[name];
    const parts = recipe.architecture === "arm64" ? await buildForArm64(recipe, common, cacheOptions) : await buildForBoth(recipe, { ...common, cache: native }, imagesDirectory, progress);
    progress("putting the image in place", 0.95);
    const manifest = await keepDisk(imagesDirectory, name, parts, new Date(clock.now()).toISOString());
    progress("done", 1);
    log.info("an image was built", { image: name, file: manifest.file, milliseconds: clock.now() - startedAt });
    return manifest;
  } finally {
    process.umask(umask);
    await rm(workDirectory, { recursive: true, force: true });
  }
}

type Kernels = Pick<ImageManifest, "kernelFile" | "ramdiskFile" | "probeKernelFile">;

interface BuiltParts {
  readonly built: BuiltDisk;
  readonly kernels: Kernels;
}

type CommonWork = Omit<ImageWork, "cache" | "busybox">;

/** For guests with firmware alone. */
async function buildForArm64(recipe: Recipe & { architecture: "arm64" }, work: CommonWork, cacheOptions: PackageCacheOptions): Promise<BuiltParts> {
  const cache = await openPackageCache({ ...cacheOptions, architecture: "arm64" });
  const busybox = await readFile(await unpackStaticBusybox(join(work.workDirectory, "busybox-arm64"), { cache, signal: work.signal }));
  return { built: await recipe.build({ ...work, cache, busybox }), kernels: {} };
}

/** For guests with firmware and paravirtual ones. */
async function buildForBoth(recipe: Recipe & { architecture: "x86_64" }, work: Omit<ImageWork, "busybox">, imagesDirectory: string, progress: BuildOptions["progress"]): Promise<BuiltParts> {
  progress("unpacking the paravirtual kernel", 0.05);
  const busybox = await readFile(work.runnableBusybox);
  const paravirtual = await unpackParavirtualKernel({ ...work, busybox });
  const built = await recipe.build({ ...work, busybox, paravirtual });
  const kernelFile = await keepKernel(imagesDirectory, paravirtual.file, `uml-${paravirtual.version}`);
  const ramdiskFile = await keepRamdisk(imagesDirectory, work.workDirectory, paravirtual);
  const probe = built.kernel === undefined ? {} : { probeKernelFile: await keepKernel(imagesDirectory, built.kernel.file, built.kernel.name) };
  return { built, kernels: { kernelFile, ramdiskFile, ...probe } };
}

/** The caller holds the lock, so whatever carries the prefix belongs to nobody any more. */
export async function removeLeftovers(imagesDirectory: string, prefix: string): Promise<void> {
  const names = await readdir(imagesDirectory);
  for (const name of names.filter((entry) => entry.startsWith(prefix))) await rm(join(imagesDirectory, name), { recursive: true, force: true });
}

async function keepDisk(imagesDirectory: string, name: BuildableImage, { built, kernels }: BuiltParts, createdAt: string): Promise<ImageManifest> {
  const digest = await sha256OfFile(built.disk);
  const file = `${name}-${digest.slice(0, 12)}.qcow2`;
  await placeOnce(built.disk, join(imagesDirectory, file));
  const manifest: ImageManifest = {
    name,
    description: built.description,
    architecture: architectureOf(name),
    file,
    format: "qcow2",
    sizeGib: built.sizeGib,
    digest: `sha256:${digest}`,
    virtualizations: kernels.kernelFile === undefined ? ["hvm"] : ["hvm", "paravirtual"],
    rootDevice: "/dev/xvda",
    loginUser: "admin",
    packages: built.packages,
    createdAt,
    ...kernels,
  };
  await writeManifest(imagesDirectory, manifest);
  return manifest;
}

/** Kernels are named after their versions and shared by images. Resolves to the file as manifests name it. */
async function keepKernel(imagesDirectory: string, from: string, name: string): Promise<string> {
  const folder = join(imagesDirectory, "kernels");
  await mkdir(folder, { recursive: true });
  const arriving = join(folder, `${workPrefix}${name}`);
  await copyFile(from, arriving);
  await placeOnce(arriving, join(folder, basename(name)));
  return `kernels/${name}`;
}

/** Its name has a part of its digest, since the scripts in it change without the kernel's version. */
async function keepRamdisk(imagesDirectory: string, workDirectory: string, { version, ramdisk }: ParavirtualKernel): Promise<string> {
  const file = join(workDirectory, "ramdisk");
  await writeFile(file, ramdisk);
  return keepKernel(imagesDirectory, file, `uml-${version}-ramdisk-${(await sha256OfFile(file)).slice(0, 12)}`);
}

/** Moves the file there, written out to the disk, unless one of this name is there already, which then is the same. */
export async function placeOnce(from: string, to: string): Promise<void> {
  const file = await open(from);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  const present = await stat(to).then(({ size }) => size, () => undefined);
  if (present !== undefined && present === (await stat(from)).size) await rm(from);
  else await rename(from, to);
}
