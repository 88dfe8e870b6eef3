/**
 * GRUB on a disk image, put there without mounting anything: its first stage is the boot code of the master boot record,
 * its core image (with the modules and the first commands inside) lies in the sectors between the record and the first
 * partition. The core image as built already says that it continues at sector 2, so placing it at sector 1 needs no
 * block list of its own.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CapabilityError } from "../../base/errors.ts";
import { runCommand } from "../command.ts";
import type { BootLoader } from "./boot-loader.ts";

export interface GrubRequest {
  readonly modules: readonly string[];
  /** Run at start, by GRUB's simplest parser: commands one a line. */
  readonly commands: string;
  /** Where GRUB finds further modules and its configuration: `(hd0,msdos1)/boot/grub`. */
  readonly prefix: string;
  readonly workDirectory: string;
  readonly signal: AbortSignal;
}

const moduleDirectory = "/usr/lib/grub/i386-pc";
/** A conditional jump in the first stage that distrusts the firmware's drive number only for floppy disks. */
const driveCheckOffset = 0x66;
const bootCodeBytes = 440;

export async function buildGrub(request: GrubRequest): Promise<BootLoader> {
  const firstStage = await readFile(join(moduleDirectory, "boot.img")).catch((cause: unknown) => {
    throw new CapabilityError("GRUB's files for BIOS are not installed", "install the Debian package grub-pc-bin: apt-get install grub-pc-bin", { cause });
  });
  const bootCode = Buffer.from(firstStage.subarray(0, bootCodeBytes));
  bootCode.fill(0x90, driveCheckOffset, driveCheckOffset + 2);
  const configuration = join(request.workDirectory, "grub-first.cfg");
  const coreFile = join(request.workDirectory, "grub-core.img");
  await writeFile(configuration, request.commands);
  await runCommand(
    "grub-mkimage",
    ["-O", "i386-pc", "-d", moduleDirectory, "-p", request.prefix, "-c", configuration, "-o", coreFile, ...request.modules],
    { signal: request.signal },
  );
  return { bootCode, content: await readFile(coreFile) };
}
