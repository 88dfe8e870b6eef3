/**
 * Linux for UEFI firmware of arm64, with nothing between: the firmware starts a file of the system partition, which is the kernel itself with its command line and
 * its first file system. As with `linux-loader.ts`, the kernel is not a file of the root file system.
 */
import { systemPartition } from "../efi/system-partition.ts";
import { unifyKernel, type KernelToUnify } from "../efi/unified-kernel.ts";
import { sectorBytes } from "../master-boot-record.ts";
import type { BootLoader } from "./boot-loader.ts";

/** `\EFI\BOOT\BOOTAA64.EFI`, where firmware looks on any disk. */
const fileName = "BOOTAA64EFI";
const startSector = 2048;

export function efiLoader(linux: KernelToUnify): BootLoader {
  const partition = systemPartition(fileName, unifyKernel(linux), startSector);
  const before = Buffer.alloc((startSector - 1) * sectorBytes);
  return { bootCode: Buffer.alloc(0), content: Buffer.concat([before, partition]), systemPartition: { startSector, sectors: partition.length / sectorBytes } };
}
