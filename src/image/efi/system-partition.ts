/**
 * A partition for UEFI firmware (an EFI System Partition), FAT16, with the one file that the firmware starts when nobody told it otherwise. Every byte follows from
 * the file's; its pieces lie one behind the other:
 *
 * ```
 *   sector 0        what the file system is like
 *   two tables      of which piece of 2 KiB comes behind which
 *   root directory  EFI
 *   pieces          EFI, EFI/BOOT, the file
 * ```
 */
import { sectorBytes } from "../master-boot-record.ts";

const sectorsPerPiece = 4;
const pieceBytes = sectorsPerPiece * sectorBytes;
const rootEntries = 512;
const entryBytes = 32;
const tables = 2;
/** With fewer pieces it would be FAT12, with more FAT32. */
const [fewestPieces, mostPieces] = [4085, 65_524];
const [firstPiece, endOfChain] = [2, 0xffff];
const mediaByte = 0xf8;
const isDirectory = 0x10;
/** 1 January 1980, the first day that there is. */
const someDate = 0x0021;

/** `name` as FAT writes it: eight letters, and three behind the dot, filled with blanks. */
export function systemPartition(name: string, file: Buffer, startSector: number): Buffer {
  const filePieces = Math.ceil(file.length / pieceBytes);
  const pieces = Math.max(fewestPieces, filePieces + 2);
  if (pieces > mostPieces) throw new RangeError(`the file has ${file.length} bytes, which is too much for a partition with FAT16`);
  const tableSectors = Math.ceil(((pieces + firstPiece) * 2) / sectorBytes);
  const table = Buffer.alloc(tableSectors * sectorBytes);
  const chains = [1, 1, filePieces]; // both directories fit into one piece
  let piece = firstPiece;
  table.writeUInt16LE(0xff00 | mediaByte, 0);
  table.writeUInt16LE(endOfChain, 2);
  for (const length of chains) {
    for (let index = 1; index <= length; index++, piece++) table.writeUInt16LE(index === length ? endOfChain : piece + 1, piece * 2);
  }
  const content = Buffer.alloc(pieces * pieceBytes);
  const [efi, boot] = [firstPiece, firstPiece + 1];
  writeDirectory(content, 0, [entry(".", isDirectory, efi), entry("..", isDirectory, 0), entry("BOOT", isDirectory, boot)]);
  writeDirectory(content, pieceBytes, [entry(".", isDirectory, boot), entry("..", isDirectory, efi), entry(name, 0, boot + 1, file.length)]);
  file.copy(content, 2 * pieceBytes);
  const root = Buffer.alloc(rootEntries * entryBytes);
  writeDirectory(root, 0, [entry("EFI", isDirectory, efi)]);
  const sectors = 1 + tables * tableSectors + (root.length + content.length) / sectorBytes;
  return Buffer.concat([firstSector(sectors, tableSectors, startSector), table, table, root, content]);
}

function firstSector(sectors: number, tableSectors: number, startSector: number): Buffer {
  const sector = Buffer.alloc(sectorBytes);
  sector.write("\xeb\x3c\x90HOSTELRY", 0, "latin1");
  sector.writeUInt16LE(sectorBytes, 11);
  sector[13] = sectorsPerPiece;
  sector.writeUInt16LE(1, 14); // sectors before the tables
  sector[16] = tables;
  sector.writeUInt16LE(rootEntries, 17);
  sector[21] = mediaByte;
  sector.writeUInt16LE(tableSectors, 22);
  sector.writeUInt32LE(startSector, 28);
  if (sectors < 0x1_0000) sector.writeUInt16LE(sectors, 19);
  else sector.writeUInt32LE(sectors, 32);
  sector[36] = 0x80; // a disk's
  sector[38] = 0x29; // what follows is there: a number, a name and the kind
  sector.writeUInt32LE(0x7e1d_0c54, 39);
  sector.write("EFI        FAT16   ", 43, "latin1");
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function entry(name: string, attributes: number, piece: number, length = 0): Buffer {
  const bytes = Buffer.alloc(entryBytes);
  bytes.write(name.padEnd(11), 0, "latin1");
  bytes[11] = attributes;
  for (const offset of [16, 18, 24]) bytes.writeUInt16LE(someDate, offset); // made, read, changed
  bytes.writeUInt16LE(piece, 26);
  bytes.writeUInt32LE(length, 28);
  return bytes;
}

function writeDirectory(target: Buffer, offset: number, entries: readonly Buffer[]): void {
  for (const [index, bytes] of entries.entries()) bytes.copy(target, offset + index * entryBytes);
}
