import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { checkFits } from "./boot-loader.ts";
import { linuxLoader } from "./linux-loader.ts";

/** The header of a bzImage with two sectors of 16-bit code, and a packed kernel of 1000 bytes behind it. */
function kernelOf(version: number): Buffer {
  const kernel = Buffer.alloc(3 * 512 + 1000, 0xcc);
  kernel[0x1f1] = 2;
  kernel.write("HdrS", 0x202, "latin1");
  kernel.writeUInt16LE(version, 0x206);
  kernel[0x211] = 1;
  kernel.writeUInt32LE(0x7fff_ffff, 0x22c);
  kernel.writeUInt32LE(2047, 0x238);
  kernel.writeBigUInt64LE(0x100_0000n, 0x258);
  kernel.writeUInt32LE(0x300_0000, 0x260);
  return kernel;
}

function runsOf(bootCode: Buffer): number[][] {
  const runs: number[][] = [];
  for (let at = bootCode.length - 5 * 12; at < bootCode.length; at += 12) runs.push([0, 4, 8].map((offset) => bootCode.readUInt32LE(at + offset)));
  return runs;
}

test("each part of Linux has its run of sectors and its address, and the 16-bit part knows where the others will be", () => {
  const { bootCode, content } = linuxLoader({ kernel: kernelOf(0x20f), archive: Buffer.alloc(513, 0xaa), commandLine: "root=LABEL=x quiet" });
  expect({
    fits: bootCode.length <= 440,
    runs: runsOf(bootCode),
    commandLine: content.toString("latin1", 3 * 512, 3 * 512 + 19),
    header: [0x218, 0x21c, 0x228].map((offset) => content.readUInt32LE(offset)),
    flags: content[0x211],
    sectors: content.length / 512,
  }).toEqual({
    fits: true,
    runs: [[1, 3, 0x20000], [4, 1, 0x2e000], [5, 2, 0x100000], [7, 2, 0x400_0000], [0, 0, 0]],
    commandLine: "root=LABEL=x quiet\0",
    header: [0x400_0000, 513, 0x2e000],
    flags: 0x81,
    sectors: 8,
  });
});

test("what is no kernel, and a kernel that is too old, is refused", () => {
  const rest = { archive: Buffer.alloc(0), commandLine: "" };
  expect(() => linuxLoader({ kernel: Buffer.alloc(2048), ...rest })).toThrow("no bzImage");
  expect(() => linuxLoader({ kernel: kernelOf(0x204), ...rest })).toThrow("older than 2.10");
});

test("a command line that the kernel would cut is refused", () => {
  expect(() => linuxLoader({ kernel: kernelOf(0x20f), archive: Buffer.alloc(0), commandLine: "x".repeat(2048) })).toThrow("too long");
});

test("a boot loader that reaches into the first partition is refused", () => {
  const loader = { bootCode: Buffer.alloc(0), content: Buffer.alloc(512 * 10) };
  expect(() => checkFits(loader, 11)).not.toThrow();
  expect(() => checkFits(loader, 10)).toThrow("room for 4608");
});

const hasAssembler = ["as", "ld"].every((program) => {
  try {
    return execFileSync(program, ["--version"]).length > 0;
  } catch {
    return false;
  }
});

test.skipIf(!hasAssembler)("the boot code is what loader.s assembles to (needs as and ld of binutils)", () => {
  const work = mkdtempSync(join(tmpdir(), "loader-"));
  try {
    const at = (name: string) => join(work, name);
    execFileSync("as", ["--32", "-o", at("loader.o"), fileURLToPath(new URL("loader.s", import.meta.url))]);
    execFileSync("ld", ["-m", "elf_i386", "-Ttext", "0x7c00", "--oformat", "binary", "-o", at("loader.bin"), at("loader.o")]);
    const assembled = readFileSync(at("loader.bin"));
    const { bootCode } = linuxLoader({ kernel: kernelOf(0x20f), archive: Buffer.alloc(1), commandLine: "" });
    expect(bootCode.subarray(0, bootCode.length - 60).toString("hex")).toBe(assembled.toString("hex"));
  } finally {
    rmSync(work, { recursive: true });
  }
});
