/**
 * Puts a bootable disk together from a file tree and a boot loader:
 *
 * ```
 *   sector 0        master boot record: the boot loader's first stage, one partition
 *   sector 1 …      the rest of the boot loader; partition 2, for UEFI firmware, where there is one
 *   partition 1     ext4, the root file system, to the end of the disk
 * ```
 * and stores it as qcow2, which is what volumes are layered over.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { writeExt4 } from "./ext4.ts";
import { checkFits } from "./boot-loader/boot-loader.ts";
import type { BootLoader } from "./boot-loader/boot-loader.ts";
import { masterBootRecord, sectorBytes } from "./master-boot-record.ts";

export interface DiskRequest {
  readonly tree: string;
  readonly sizeGib: number;
  readonly label: string;
  readonly uuid: string;
  readonly signature: number;
  readonly epochSeconds: number;
  readonly journalMib: number;
  readonly bytesPerInode: number;
  readonly bootLoader: BootLoader;
  /** Where the partition begins: on a MiB. */
  readonly firstMib: number;
  readonly workDirectory: string;
  readonly signal: AbortSignal;
}

/** Returns the qcow2 file, in the work directory. */
export async function buildDisk(request: DiskRequest): Promise<string> {
  const { workDirectory, signal, tree, label, uuid, epochSeconds } = request;
  const { bootLoader } = request;
  const firstSector = (request.firstMib * 1024 ** 2) / sectorBytes;
  const raw = join(workDirectory, "disk.raw");
  const totalBytes = request.sizeGib * 1024 ** 3;
  const offsetBytes = firstSector * sectorBytes;
  const sizeBytes = totalBytes - offsetBytes;
  checkFits(bootLoader, firstSector);
  const disk = await open(raw, "w");
  try {
    await disk.truncate(totalBytes);
    const layout = { bootCode: bootLoader.bootCode, signature: request.signature, startSector: firstSector, sectors: sizeBytes / sectorBytes, ...(bootLoader.systemPartition === undefined ? {} : { systemPartition: bootLoader.systemPartition }) };
    await disk.write(masterBootRecord(layout), 0, sectorBytes, 0);
    await disk.write(bootLoader.content, 0, bootLoader.content.length, sectorBytes);
  } finally {
    await disk.close();
  }
  const { journalMib, bytesPerInode } = request;
  await writeExt4({ tree, file: raw, offsetBytes, sizeBytes, label, uuid, epochSeconds, journalMib, bytesPerInode, workDirectory, signal });
  const image = join(workDirectory, "disk.qcow2");
  await runCommand("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", "-o", "lazy_refcounts=off", raw, image], { signal });
  return image;
}
