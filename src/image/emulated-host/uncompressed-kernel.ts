/**
 * The kernel inside of a bzImage, as the ELF file that QEMU also boots (through its PVH entry). Where the processor is emulated, unpacking itself is what a
 * kernel does longest, and it would do so at every start.
 */
import { readFile, writeFile } from "node:fs/promises";
import { runCommand } from "../command.ts";

const magic = Buffer.from("fd377a585a00", "hex"); // of xz

/** Writes it to `target`. */
export async function uncompressKernel(bzImage: string, target: string, signal: AbortSignal): Promise<void> {
  const packed = `${target}.xz`;
  await writeFile(packed, compressedPart(await readFile(bzImage)));
  await runCommand("xz", ["--decompress", "--single-stream", packed], { signal }); // what follows the stream is its size; the packed file goes
}

/** By the header of Linux's boot protocol, version 2.08 and later. */
function compressedPart(bzImage: Buffer): Buffer {
  const setupSectors = bzImage.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  const part = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c));
  if (!part.subarray(0, magic.length).equals(magic)) throw new Error("the kernel is not compressed by xz");
  return part;
}
