/**
 * A disk image file as blocks: those that hold anything, in order. What is not raw is converted into a raw file first, by qemu-img in a process of its own;
 * the raw file is sparse and lasts as long as the reading.
 */
import { execFile } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { TerminalError } from "../base/errors.ts";
import { blockSize, isZero } from "./block.ts";

const run = promisify(execFile);

/** As qemu-img calls it. The format is never guessed: a raw disk may hold anything, also what looks like another format. */
export type DiskFormat = "raw" | "qcow2" | "vmdk" | "vpc" | "vhdx";

export interface DiskImage {
  readonly file: string;
  readonly format: DiskFormat;
}

export interface DiskBlock {
  readonly index: number;
  readonly data: Buffer;
}

/** The size that a guest sees, in bytes. Refuses files that would have other files read, which may be anybody's. */
export async function inspectDiskImage({ file, format }: DiskImage): Promise<number> {
  const info = parseInfo((await qemuImg(["info", "--output=json", "-f", format, file])).stdout);
  if (info.backing !== undefined || info.others.some((name) => name !== file)) throw new TerminalError("the disk image refers to other files");
  return info.size;
}

/** The blocks that are not zeroes. `scratch` is a file that may be made and is removed. */
export async function* readDiskImage(image: DiskImage, scratch: string, signal?: AbortSignal): AsyncGenerator<DiskBlock, undefined> {
  const raw = image.format === "raw" ? image.file : scratch;
  try {
    if (raw === scratch) {
      await mkdir(dirname(scratch), { recursive: true, mode: 0o700 });
      await qemuImg(["convert", "-f", image.format, "-O", "raw", image.file, scratch], signal);
    }
    yield* readRaw(raw, signal);
  } finally {
    await rm(scratch, { force: true });
  }
}

async function* readRaw(file: string, signal: AbortSignal | undefined): AsyncGenerator<DiskBlock, undefined> {
  const handle = await open(file);
  try {
    for (const index of await listDataBlocks(file)) {
      signal?.throwIfAborted();
      const data = Buffer.alloc(blockSize); // the last block of a file may be short
      await handle.read(data, 0, blockSize, index * blockSize);
      if (!isZero(data)) yield { index, data };
    }
  } finally {
    await handle.close();
  }
}

/** The indexes of blocks that are not holes of the file, rising. */
async function listDataBlocks(file: string): Promise<readonly number[]> {
  const extents: unknown = JSON.parse((await qemuImg(["map", "--output=json", "-f", "raw", file])).stdout);
  const indexes = new Set<number>();
  for (const extent of Array.isArray(extents) ? extents : []) {
    const { start, length, data } = extent as { start: number; length: number; data: boolean }; // qemu-img's own form
    if (!data) continue;
    for (let index = Math.floor(start / blockSize); index * blockSize < start + length; index++) indexes.add(index);
  }
  return [...indexes].toSorted((a, b) => a - b);
}

async function qemuImg(args: readonly string[], signal?: AbortSignal): Promise<{ readonly stdout: string }> {
  try {
    return await run("qemu-img", args, { maxBuffer: 256 * 1024 * 1024, ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    if (signal?.aborted !== true && cause instanceof Error && "code" in cause && cause.code === 1) {
      throw new TerminalError("the disk image cannot be read in the format that was given", { cause });
    }
    throw cause;
  }
}

interface DiskInfo {
  readonly size: number;
  readonly backing: string | undefined;
  /** Files that hold parts of the disk. */
  readonly others: readonly string[];
}

function parseInfo(text: string): DiskInfo {
  const info = JSON.parse(text) as Record<string, unknown>; // qemu-img writes an object
  const specific = (info["format-specific"] as { data?: Record<string, unknown> } | undefined)?.data ?? {};
  const extents = (specific["extents"] as readonly { filename?: string }[] | undefined) ?? []; // of VMDK
  const dataFile = specific["data-file"]; // of qcow2
  return {
    size: Number(info["virtual-size"]),
    backing: typeof info["backing-filename"] === "string" ? info["backing-filename"] : undefined,
    others: [...extents.map(({ filename }) => filename ?? ""), ...(typeof dataFile === "string" ? [dataFile] : [])],
  };
}
