import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { uncompressKernel } from "./uncompressed-kernel.ts";

/** Two sectors of set-up behind the first, 16 bytes of program, what is compressed and its size, then more program. */
function bzImageOf(part: Buffer): Buffer {
  const size = Buffer.alloc(4);
  const image = Buffer.concat([Buffer.alloc(3 * 512 + 16), part, size, Buffer.alloc(64, 1)]);
  image.writeUInt8(2, 0x1f1);
  image.writeUInt32LE(16, 0x248);
  image.writeUInt32LE(part.length + size.length, 0x24c);
  return image;
}

test("the kernel in a bzImage is unpacked whole, and nothing else is left beside it; one that is compressed otherwise is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kernel-"));
  try {
    const [bzImage, target] = [join(folder, "bzImage"), join(folder, "vmlinux")];
    const kernel = Buffer.from("the kernel ".repeat(1000));
    await writeFile(bzImage, bzImageOf(execFileSync("xz", ["--compress", "--check=crc32"], { input: kernel })));
    await uncompressKernel(bzImage, target, AbortSignal.timeout(60_000));
    expect([await readFile(target), await readdir(folder)]).toEqual([kernel, ["bzImage", "vmlinux"]]);
    await writeFile(bzImage, bzImageOf(Buffer.from("another way")));
    await expect(uncompressKernel(bzImage, target, AbortSignal.timeout(60_000))).rejects.toThrow("the kernel is not compressed by xz");
  } finally {
    await rm(folder, { recursive: true });
  }
});
