/**
 * Makes an image of a disk file from elsewhere: raw, qcow2 or VMDK, such as a distribution's cloud image. The disk is copied into
 * the images folder as qcow2, its size rounded up to whole GiB as volumes have them. Refused: what is no disk that can be read, what
 * depends on another file, a name that is taken, and what could not boot (no boot record), each with what to do instead.
 */
import { constants } from "node:fs";
import { access, mkdtemp, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { CapabilityError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { placeOnce, removeLeftovers } from "./build-image.ts";
import { takeBuildLock } from "./build-lock.ts";
import { CommandError, runCommand } from "./command.ts";
import { isImageName, listImages, writeManifest } from "./manifest.ts";
import type { ImageArchitecture, ImageManifest, ImageVirtualization } from "./manifest.ts";
import { sha256OfFile } from "./packages/package-cache.ts";

export interface ImportOptions {
  readonly imagesDirectory: string;
  readonly progress: (step: string, fraction: number) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly description?: string;
  /** Whom the image lets log in with the key pair; unknown to us, so it is the importer's word. */
  readonly loginUser?: string;
  readonly virtualizations?: readonly ImageVirtualization[];
  /** Unknown to us, too; absent: x86_64. An image of arm64 is named so: `-arm64` is put behind its name unless it is there. */
  readonly architecture?: ImageArchitecture;
  /** With `paravirtual`: the kernel to boot, relative to the images folder. */
  readonly kernelFile?: string;
  /** That kernel's first file system, likewise. */
  readonly ramdiskFile?: string;
}

/** The image cannot be taken as it is; `remedy` says what would help. */
export class ImportRefusedError extends Error {
  override readonly name = "ImportRefusedError";
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

const gib = 1024 ** 3;
const largestGib = 2048;
const workPrefix = ".import-";
/** VMDK files that hold their own content; others name further files, which may be anything on this machine. */
const wholeVmdkTypes = ["monolithicSparse", "streamOptimized"];

export async function importImage(file: string, asked: string, options: ImportOptions): Promise<ImageManifest> {
  const { imagesDirectory, progress, log, signal } = options;
  const name = options.architecture === "arm64" && !asked.endsWith("-arm64") ? `${asked}-arm64` : asked;
  if (!isImageName(name)) throw new ImportRefusedError(`"${name}" cannot be an image's name`, "use letters, digits, dots, underscores and dashes");
  await using _lock = await takeBuildLock(imagesDirectory, "import", signal, () => progress("waiting for another import to end", 0));
  await removeLeftovers(imagesDirectory, workPrefix);
  if ((await listImages(imagesDirectory)).some((image) => image.name === name)) {
    throw new ImportRefusedError(`an image named ${name} exists already`, "choose another name");
  }
  progress("reading the disk file", 0);
  const found = await inspect(file, signal);
  const sizeGib = Math.ceil(found.sizeBytes / gib);
  const work = await mkdtemp(join(imagesDirectory, workPrefix));
  try {
    const disk = join(work, "disk.qcow2");
    const onLine = () => undefined;
    progress("copying the disk", 0.05);
    await runCommand("qemu-img", ["convert", "-f", found.format, "-O", "qcow2", file, disk], { signal, onLine });
    await runCommand("qemu-img", ["resize", "-q", "-f", "qcow2", disk, `${sizeGib}G`], { signal });
    await checkBootRecord(disk, work, signal);
    progress("putting the image in place", 0.9);
    const manifest = await keep(disk, name, sizeGib, options);
    log.info("an image was imported", { image: name, file: manifest.file });
    progress("done", 1);
    return manifest;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface FoundDisk {
  readonly format: string;
  readonly sizeBytes: number;
}

/** What qemu-img says about the file, which comes from a stranger: no other file may be opened on its behalf. */
async function inspect(file: string, signal: AbortSignal): Promise<FoundDisk> {
  const entry = await stat(file).catch((cause: unknown) => {
    throw new ImportRefusedError(`there is no file ${file}`, "give the path of a raw, qcow2 or VMDK disk file", { cause });
  });
  if (!entry.isFile()) throw new ImportRefusedError(`${file} is not a file`, "give the path of a raw, qcow2 or VMDK disk file");
  await access(file, constants.R_OK);
  const text = await runCommand("qemu-img", ["info", "--output=json", file], { signal }).catch((cause: unknown) => {
    if (!(cause instanceof CommandError)) throw cause;
    throw new ImportRefusedError("qemu-img cannot read the file as a disk", "check that the download is whole and, if it is compressed (.xz, .gz, .zip), unpack it first", { cause });
  });
  const info: unknown = JSON.parse(text);
  const fields: Record<string, unknown> = typeof info === "object" && info !== null ? { ...info } : {};
  const [format, sizeBytes] = [fields["format"], fields["virtual-size"]];
  if (typeof format !== "string" || typeof sizeBytes !== "number") throw new CapabilityError("qemu-img's answer was not understood", "check that qemu-utils 7 or later is installed");
  if (!["raw", "qcow2", "vmdk"].includes(format)) throw new ImportRefusedError(`disks in the format ${format} are not taken`, `convert it first: qemu-img convert -O qcow2 ${file} disk.qcow2`);
  if (fields["backing-filename"] !== undefined || dependsOnOthers(fields["format-specific"])) throw new ImportRefusedError("the disk depends on another file", `make it whole first: qemu-img convert -O qcow2 ${file} disk.qcow2`);
  if (fields["encrypted"] === true) throw new ImportRefusedError("the disk is encrypted", "decrypt it first");
  if (sizeBytes < 1024 ** 2) throw new ImportRefusedError("the disk is smaller than 1 MiB", "give a disk file with an operating system on it");
  if (sizeBytes > largestGib * gib) throw new ImportRefusedError(`the disk is larger than ${largestGib} GiB`, "shrink it first");
  return { format, sizeBytes };
}

function dependsOnOthers(specific: unknown): boolean {
  const data: unknown = typeof specific === "object" && specific !== null && "data" in specific ? specific.data : undefined;
  if (typeof data !== "object" || data === null) return false;
  const createType: unknown = "create-type" in data ? data["create-type"] : undefined;
  return "data-file" in data || (createType !== undefined && !wholeVmdkTypes.includes(String(createType)));
}

/** Anything can be read as a raw disk: a disk that boots has the mark at the end of its first sector. */
async function checkBootRecord(disk: string, work: string, signal: AbortSignal): Promise<void> {
  const first = join(work, "first-sector");
  await runCommand("qemu-img", ["dd", "-f", "qcow2", "-O", "raw", `if=${disk}`, `of=${first}`, "bs=512", "count=1"], { signal });
  const sector = Buffer.alloc(512);
  const opened = await open(first);
  try {
    await opened.read(sector, 0, 512, 0);
  } finally {
    await opened.close();
  }
  if (sector.readUInt16LE(510) !== 0xaa55) throw new ImportRefusedError("the disk has no boot record", "give the image of a whole disk, with its partition table and boot loader, unpacked if it was compressed");
}

async function keep(disk: string, name: string, sizeGib: number, options: ImportOptions): Promise<ImageManifest> {
  const digest = await sha256OfFile(disk);
  const file = `${name}-${digest.slice(0, 12)}.qcow2`;
  await placeOnce(disk, join(options.imagesDirectory, file));
  const manifest: ImageManifest = {
    name,
    description: options.description ?? `Imported image ${name}`,
    architecture: options.architecture ?? "x86_64",
    file,
    format: "qcow2",
    sizeGib,
    digest: `sha256:${digest}`,
    virtualizations: options.virtualizations ?? ["hvm"],
    rootDevice: "/dev/xvda",
    loginUser: options.loginUser ?? "admin",
    createdAt: new Date((options.clock ?? systemClock).now()).toISOString(),
    packages: {},
    ...(options.kernelFile === undefined ? {} : { kernelFile: options.kernelFile }),
    ...(options.ramdiskFile === undefined ? {} : { ramdiskFile: options.ramdiskFile }),
  };
  await writeManifest(options.imagesDirectory, manifest);
  return manifest;
}
