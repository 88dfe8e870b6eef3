/** What any boot loader puts on a disk: code in the master boot record, and more in the sectors before the first partition. */
import { sectorBytes, type PartitionPlace } from "../master-boot-record.ts";

export interface BootLoader {
  /** At most 440 bytes. */
  readonly bootCode: Buffer;
  /** To be written from sector 1 on. */
  readonly content: Buffer;
  /** The part of the content that is a partition for UEFI firmware; absent: there is none. */
  readonly systemPartition?: PartitionPlace;
}

/** Refuses a boot loader that would reach into the first partition. */
export function checkFits(loader: BootLoader, firstPartitionSector: number): void {
  const room = (firstPartitionSector - 1) * sectorBytes;
  if (loader.content.length > room) throw new RangeError(`the boot loader has ${loader.content.length} bytes, and there is room for ${room} before the first partition`);
}
