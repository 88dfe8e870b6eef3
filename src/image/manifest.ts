/**
 * What an images folder says about each image: `NAME.json` beside the disk file that it names. The manifest is written last and
 * at once, so an image exists exactly when its manifest does. Disk files carry a part of their digest in their name
 * and are never changed or reused: volumes are layered over them for as long as they live.
 */
import { readFile, readdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

export type DiskFormat = "qcow2" | "raw";
export type ImageVirtualization = "hvm" | "paravirtual";
export type ImageArchitecture = "x86_64" | "arm64";

export interface ImageManifest {
  /** `tiny`, `debian-12`, or the name given at import: letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  readonly description: string;
  readonly architecture: ImageArchitecture;
  /** The disk's file, in the images folder. */
  readonly file: string;
  readonly format: DiskFormat;
  /** The disk's size as the guest sees it, in whole GiB. */
  readonly sizeGib: number;
  /** `sha256:` and 64 hexadecimal digits, of the disk's file. */
  readonly digest: string;
  readonly virtualizations: readonly ImageVirtualization[];
  readonly rootDevice: string;
  readonly loginUser: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Debian packages inside, name to version; empty for imported images. */
  readonly packages: Readonly<Record<string, string>>;
  /** The kernel that paravirtual guests of this image boot, relative to the images folder: `kernels/uml-…`. */
  readonly kernelFile?: string;
  /** The first file system of that kernel, in the same folder; absent: the kernel mounts the root disk itself, and has it as a file. */
  readonly ramdiskFile?: string;
  /** The kernel inside the image, also as a file: engines boot it when they are probed. */
  readonly probeKernelFile?: string;
}

export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

/** Whether the text can be an image's name: it becomes part of file names. */
export function isImageName(text: string): boolean {
  return namePattern.test(text) && !text.includes("..");
}

/** Makes untrusted text a manifest, or says what is wrong with it. */
export function parseManifest(text: string): ImageManifest {
  const fields = objectOf(text);
  const name = checked(fields, "name", (value) => typeof value === "string" && isImageName(value), "an image name");
  const digest = checked(fields, "digest", (value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value), "sha256: and 64 hexadecimal digits");
  const sizeGib = checked(fields, "sizeGib", (value) => Number.isInteger(value) && Number(value) >= 1, "a whole number of GiB");
  return {
    name: String(name),
    description: String(checked(fields, "description", isText, "a text")),
    architecture: checked(fields, "architecture", (value) => value === "x86_64" || value === "arm64", "x86_64 or arm64") as ImageArchitecture, // just compared
    file: String(checked(fields, "file", isFileName, "a file name without a folder")),
    format: checked(fields, "format", (value) => value === "qcow2" || value === "raw", "qcow2 or raw") as DiskFormat, // just compared
    sizeGib: Number(sizeGib),
    digest: String(digest),
    virtualizations: checked(fields, "virtualizations", isVirtualizations, "a list of hvm and paravirtual") as ImageVirtualization[], // just compared
    rootDevice: String(checked(fields, "rootDevice", (value) => typeof value === "string" && /^\/dev\/[a-z0-9]+$/.test(value), "a device")),
    loginUser: String(checked(fields, "loginUser", isText, "a user name")),
    createdAt: String(checked(fields, "createdAt", (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)), "a time")),
    packages: packagesOf(fields["packages"]),
    ...optionalKernel(fields, "kernelFile"),
    ...optionalKernel(fields, "ramdiskFile"),
    ...optionalKernel(fields, "probeKernelFile"),
  };
}

export async function readManifest(imagesDirectory: string, name: string): Promise<ImageManifest> {
  if (!isImageName(name)) throw new ManifestError(`"${name}" cannot be an image's name`);
  const file = manifestFile(imagesDirectory, name);
  const manifest = parseManifest(await readFile(file, "utf8"));
  if (manifest.name !== name) throw new ManifestError(`${basename(file)} describes an image of another name, ${manifest.name}`);
  return manifest;
}

/** Every image of the folder, by name; none when the folder does not exist yet. A file that is no manifest is passed over and told. */
export async function listImages(imagesDirectory: string, onDefect: (file: string, error: unknown) => void = () => undefined): Promise<readonly ImageManifest[]> {
  const names = await readdir(imagesDirectory).catch(() => []);
  const images: ImageManifest[] = [];
  for (const file of names.filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort()) {
    try {
      images.push(await readManifest(imagesDirectory, file.slice(0, -".json".length)));
    } catch (error) {
      onDefect(file, error);
    }
  }
  return images;
}

/** Puts the manifest in place at once; the disk file must be there already. */
export async function writeManifest(imagesDirectory: string, manifest: ImageManifest): Promise<void> {
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  parseManifest(text);
  const arriving = join(imagesDirectory, `.${manifest.name}.json.${process.pid}`);
  await writeFile(arriving, text, { flush: true });
  await rename(arriving, manifestFile(imagesDirectory, manifest.name));
}

function manifestFile(imagesDirectory: string, name: string): string {
  return join(imagesDirectory, `${name}.json`);
}

function objectOf(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ManifestError("an image manifest must be JSON", { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new ManifestError("an image manifest must be a JSON object");
  return { ...parsed };
}

function checked(fields: Readonly<Record<string, unknown>>, key: string, isRight: (value: unknown) => boolean, wanted: string): unknown {
  const value = fields[key];
  if (!isRight(value)) throw new ManifestError(`an image manifest's ${key} must be ${wanted}, not ${JSON.stringify(value) ?? "absent"}`);
  return value;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isFileName(value: unknown): boolean {
  return typeof value === "string" && isImageName(value);
}

function isVirtualizations(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => entry === "hvm" || entry === "paravirtual");
}

function optionalKernel<K extends "kernelFile" | "ramdiskFile" | "probeKernelFile">(fields: Readonly<Record<string, unknown>>, key: K): Partial<Record<K, string>> {
  if (fields[key] === undefined) return {};
  const file = checked(fields, key, (value) => typeof value === "string" && /^kernels\/[a-z0-9][a-z0-9._-]*$/i.test(value), "kernels/ and a file name");
  return { [key]: file } as Record<K, string>; // a computed key widens to string
}

function packagesOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Object.values(value).some((version) => typeof version !== "string")) {
    throw new ManifestError("an image manifest's packages must be names and versions");
  }
  return Object.fromEntries(Object.entries(value).map(([name, version]) => [name, String(version)]));
}
