/**
 * The first sector of a disk: boot code and a partition table with one Linux partition, and another for UEFI firmware where there is one. The Linux partition is
 * the first in the table, wherever it lies: it is what grows with the disk.
 *
 * ```
 *   byte 0    boot code, 440 bytes
 *   byte 440  disk signature, 4 bytes: `PARTUUID` of the partition is this number and `-01`
 *   byte 446  partition 1, 16 bytes, then the same of partitions 2 to 4
 *   byte 510  0x55 0xAA
 * ```
 * Only disks up to 2 TiB can be described so; a larger one is refused.
 */

export const sectorBytes = 512;

export interface PartitionPlace {
  readonly startSector: number;
  readonly sectors: number;
}

export interface DiskLayout extends PartitionPlace {
  readonly bootCode: Uint8Array;
  readonly signature: number;
  readonly systemPartition?: PartitionPlace;
}

const [linux, efiSystem] = [0x83, 0xef];
const entryBytes = 16;

export function masterBootRecord(layout: DiskLayout): Buffer {
  if (layout.bootCode.length > 440) throw new RangeError(`boot code has ${layout.bootCode.length} bytes, and the record has room for 440`);
  const { systemPartition } = layout;
  for (const value of [layout.startSector, layout.sectors, layout.signature]) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError(`${value} does not fit into 32 bits`);
  }
  const sector = Buffer.alloc(sectorBytes);
  sector.set(layout.bootCode, 0);
  sector.writeUInt32LE(layout.signature, 440);
  writePartition(sector, 446, linux, layout);
  sector[446] = 0x80; // active: some firmware boots nothing else
  if (systemPartition !== undefined) writePartition(sector, 446 + entryBytes, efiSystem, systemPartition);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function writePartition(sector: Buffer, at: number, kind: number, { startSector, sectors }: PartitionPlace): void {
  sector.set(beyondCylinders, at + 1);
  sector[at + 4] = kind;
  sector.set(beyondCylinders, at + 5);
  sector.writeUInt32LE(startSector, at + 8);
  sector.writeUInt32LE(sectors, at + 12);
}

/** The cylinder, head and sector that say "look at the sector number instead". */
const beyondCylinders = [0xfe, 0xff, 0xff];

/** `PARTUUID` of the first partition, as the kernel writes it. */
export function firstPartitionUuid(signature: number): string {
  return `${signature.toString(16).padStart(8, "0")}-01`;
}
