import { expect, test } from "vitest";
import { systemPartition } from "./system-partition.ts";

/** Reads a file of a FAT16 file system as firmware does, by what its first sector says. */
function readFrom(partition: Buffer, path: readonly string[]): Buffer | undefined {
  const [bytesPerSector, sectorsPerPiece, reserved, tables, rootEntries, tableSectors] = [partition.readUInt16LE(11), partition[13] ?? 0, partition.readUInt16LE(14), partition[16] ?? 0, partition.readUInt16LE(17), partition.readUInt16LE(22)];
  const table = partition.subarray(reserved * bytesPerSector);
  const root = (reserved + tables * tableSectors) * bytesPerSector;
  const firstPiece = root + rootEntries * 32;
  const pieceBytes = sectorsPerPiece * bytesPerSector;
  const readChain = (piece: number): Buffer => {
    const pieces: Buffer[] = [];
    for (let at = piece; at < 0xfff8; at = table.readUInt16LE(at * 2)) pieces.push(partition.subarray(firstPiece + (at - 2) * pieceBytes, firstPiece + (at - 1) * pieceBytes));
    return Buffer.concat(pieces);
  };
  let content = partition.subarray(root, firstPiece);
  for (const name of path) {
    const entry = Array.from({ length: content.length / 32 }, (_, index) => content.subarray(index * 32, index * 32 + 32)).find((each) => each.toString("latin1", 0, 11) === name.padEnd(11));
    if (entry === undefined) return undefined;
    const isDirectory = (entry[11] ?? 0) === 0x10;
    content = readChain(entry.readUInt16LE(26)).subarray(0, isDirectory ? undefined : entry.readUInt32LE(28));
  }
  return content;
}

test.each([1, 2048, 20_000_001])("a file of %i bytes is found where firmware looks for it", (length) => {
  const file = Buffer.alloc(length, "0123456789abc");
  const partition = systemPartition("BOOTAA64EFI", file, 2048);
  expect(readFrom(partition, ["EFI", "BOOT", "BOOTAA64EFI"])?.equals(file)).toBe(true);
  const sectors = partition.readUInt16LE(19) || partition.readUInt32LE(32);
  expect([sectors * 512, partition.readUInt32LE(28), partition.readUInt16LE(510)]).toEqual([partition.length, 2048, 0xaa55]);
});

test("a file that FAT16 has no room for is refused", () => {
  expect(() => systemPartition("BOOTAA64EFI", Buffer.alloc(2 ** 27), 2048)).toThrow("too much");
});
