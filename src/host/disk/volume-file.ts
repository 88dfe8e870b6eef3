/**
 * Volumes as qcow2 files, each an overlay on the image that it was made from, or empty.
 *
 * A file appears under its name only when it is whole and on disk; an agent killed while making it leaves a file with another
 * name, which the next attempt overwrites. The base file is never written to and must not change while overlays exist.
 */
import { execFile } from "node:child_process";
import { chmod, chown, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { TerminalError } from "../../base/errors.ts";

const run = promisify(execFile);

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface VolumeFile {
  readonly path: string;
  readonly sizeGib: number;
  /** The image that the content begins with; absent: zeroes. */
  readonly base?: string;
  readonly owner?: FileOwner;
}

/** Makes the file unless it is there. */
export async function ensureVolumeFile({ path, sizeGib, base, owner }: VolumeFile): Promise<void> {
  if (await exists(path)) return;
  const unfinished = `${path}.new`;
  await rm(unfinished, { force: true });
  const backing = base === undefined ? [] : await backingArguments(base, sizeGib);
  await run("qemu-img", ["create", "-q", "-f", "qcow2", ...backing, unfinished, `${sizeGib}G`]);
  await chmod(unfinished, 0o600);
  if (owner !== undefined) await chown(unfinished, owner.uid, owner.gid);
  await flush(unfinished);
  await rename(unfinished, path);
  await flush(dirname(path));
}

export async function removeVolumeFile(path: string): Promise<void> {
  await rm(`${path}.new`, { force: true });
  await rm(path, { force: true });
  await flush(dirname(path)).catch(() => undefined); // the whole folder may be gone
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function backingArguments(base: string, sizeGib: number): Promise<string[]> {
  const { format, sizeBytes } = await inspectImage(base);
  if (sizeBytes > sizeGib * 2 ** 30) {
    throw new TerminalError(`a volume of ${sizeGib} GiB is smaller than its image, which has ${Math.ceil(sizeBytes / 2 ** 30)} GiB`);
  }
  return ["-b", base, "-F", format, "-u"];
}

/** The format by the file's own first bytes, and the size that a guest sees. Read here because starting `qemu-img` for it takes longer than the rest. */
async function inspectImage(path: string): Promise<{ format: "qcow2" | "raw"; sizeBytes: number }> {
  const file = await open(path).catch((cause: unknown) => {
    throw new Error(`the image file ${path} cannot be read`, { cause });
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    // qcow2's header: "QFI\xfb", version, and the virtual size as 64 bits from byte 24, all big-endian
    if (bytesRead === 32 && buffer.readUInt32BE(0) === 0x514649fb) return { format: "qcow2", sizeBytes: Number(buffer.readBigUInt64BE(24)) };
    return { format: "raw", sizeBytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
