import { expect, test } from "vitest";
import { unifyKernel } from "./unified-kernel.ts";

/** A stub with one section and room for so many more, whose boundaries are 512 bytes in the file and 4096 in memory. */
function makeStub(room: number): Buffer {
  const [header, optionalSize] = [0x80, 160];
  const stub = Buffer.alloc(2048);
  stub.write("MZ", 0, "latin1");
  stub.writeUInt32LE(header, 0x3c);
  stub.write("PE\0\0", header, "latin1");
  stub.writeUInt16LE(1, header + 6);
  stub.writeUInt16LE(optionalSize, header + 20);
  const optional = header + 24;
  stub.writeUInt32LE(4096, optional + 32);
  stub.writeUInt32LE(512, optional + 36);
  stub.writeUInt32LE(8192, optional + 56);
  const table = optional + optionalSize;
  stub.writeUInt32LE(table + 40 * (1 + room), optional + 60);
  stub.write(".text", table, "latin1");
  for (const [index, value] of [1500, 4096, 1536, 512].entries()) stub.writeUInt32LE(value, table + 8 + 4 * index);
  return stub;
}

/** What firmware finds: each section's name, its place in memory and its content. */
function readSections(file: Buffer): readonly (readonly [name: string, address: number, content: string])[] {
  const header = file.readUInt32LE(0x3c);
  const table = header + 24 + file.readUInt16LE(header + 20);
  return Array.from({ length: file.readUInt16LE(header + 6) }, (_, index) => {
    const entry = table + index * 40;
    const [length, address, , offset] = [8, 12, 16, 20].map((at) => file.readUInt32LE(entry + at)) as [number, number, number, number];
    return [file.toString("latin1", entry, entry + 8).replaceAll("\0", ""), address, file.toString("latin1", offset, offset + length)] as const;
  });
}

const parts = { kernel: Buffer.alloc(5000, "k"), archive: Buffer.alloc(700, "a"), commandLine: "root=LABEL=x ro" };

test("a kernel becomes sections behind the stub's own, each on its boundary, and the file says how much memory they take", () => {
  const file = unifyKernel({ stub: makeStub(3), ...parts });
  expect(readSections(file).slice(1)).toEqual([
    [".cmdline", 8192, "root=LABEL=x ro"],
    [".linux", 12_288, "k".repeat(5000)],
    [".initrd", 20_480, "a".repeat(700)],
  ]);
  expect([file.readUInt32LE(0x80 + 24 + 56), file.length % 512]).toEqual([24_576, 0]);
});

test("a stub without room for three more sections, and a file that is none, are refused", () => {
  expect(() => unifyKernel({ stub: makeStub(2), ...parts })).toThrow("no room for more");
  expect(() => unifyKernel({ stub: Buffer.alloc(2048), ...parts })).toThrow("no program for UEFI firmware");
});
