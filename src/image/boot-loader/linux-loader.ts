/**
 * A boot loader that knows one kernel: code in the first sector (`loader.s`) reads Linux, its command line and its first file
 * system from the sectors before the first partition, straight to their places in memory. On an emulated machine that
 * takes a quarter of a second where GRUB takes four. What it gives up: the kernel is not a file that the guest can replace.
 *
 * ```
 *   sector 1      Linux's 16-bit part           → 0x20000, entered 512 bytes further on
 *                 the command line              → 0x2e000
 *                 Linux, still packed           → 1 MiB
 *                 the archive (initramfs)       → the first 16 MiB boundary behind where Linux unpacks itself
 * ```
 * Linux's boot protocol: https://docs.kernel.org/arch/x86/boot.html; version 2.10 or later is asked for.
 */
import { sectorBytes } from "../master-boot-record.ts";
import type { BootLoader } from "./boot-loader.ts";

/** `loader.s`, assembled; a test assembles it again where an assembler is installed. */
const code = Buffer.from(
  "+vwxwI7YjsCO0LwAYOoSfAAAiBbefLgBJM0VvQh9ZotOBGaFyXR1ZoP5eHYGZrl4AAAAiQ7ifGaLRgBmo+h8ZgFOAGYpTgRmUYoW3ny0Qr7gfPvNE/pyWWZZZg8BFgB9DyDADAEPIsC7CACO247DJP4PIsAx247bjsNmi34IZr4AAAQAZsHhB2dm86VmiX4IZoN+BAB1h4PFDOuCuAAgjtiOwI7gjuiO0LwA4OoAACAgvsZ8rITAdAm0DrsHAM0Q6/L79Ov8VGhlIGRpc2sgY2Fubm90IGJlIHJlYWQAAJAQAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAD//wAAAJLPAA8A8HwAAGaQ",
  "base64",
);
const bootCodeBytes = 440;

const at = {
  setupSectors: 0x1f1,
  magic: 0x202,
  version: 0x206,
  loaderType: 0x210,
  loadFlags: 0x211,
  archiveAddress: 0x218,
  archiveSize: 0x21c,
  heapEnd: 0x224,
  commandLineAddress: 0x228,
  archiveLimit: 0x22c,
  commandLineSize: 0x238,
  preferredAddress: 0x258,
  unpackedSize: 0x260,
} as const;

const setupAddress = 0x20000;
const commandLineAddress = 0x2e000;
const kernelAddress = 0x100000;
const canUseHeap = 0x80;
const undefinedLoader = 0xff;

export interface LinuxToLoad {
  /** A bzImage: `/boot/vmlinuz-…`. */
  readonly kernel: Buffer;
  readonly archive: Buffer;
  readonly commandLine: string;
}

export function linuxLoader(linux: LinuxToLoad): BootLoader {
  const { kernel } = linux;
  if (kernel.toString("latin1", at.magic, at.magic + 4) !== "HdrS") throw new Error("the kernel is no bzImage");
  if (kernel.readUInt16LE(at.version) < 0x20a) throw new Error("the kernel's boot protocol is older than 2.10");
  const commandLine = Buffer.from(`${linux.commandLine}\0`);
  if (commandLine.length > Math.min(kernel.readUInt32LE(at.commandLineSize), 4096)) throw new RangeError("the kernel's command line is too long");
  const setupBytes = ((kernel[at.setupSectors] ?? 0) || 4) * sectorBytes + sectorBytes;
  const archiveAddress = addressBehind(kernel);
  if (archiveAddress + linux.archive.length > kernel.readUInt32LE(at.archiveLimit)) throw new RangeError("the archive does not fit below the kernel's limit");
  const setup = Buffer.from(kernel.subarray(0, setupBytes));
  setup[at.loaderType] = undefinedLoader;
  setup[at.loadFlags] = (setup[at.loadFlags] ?? 0) | canUseHeap;
  setup.writeUInt16LE(commandLineAddress - setupAddress - 0x200, at.heapEnd);
  setup.writeUInt32LE(commandLineAddress, at.commandLineAddress);
  setup.writeUInt32LE(archiveAddress, at.archiveAddress);
  setup.writeUInt32LE(linux.archive.length, at.archiveSize);
  return layOut([
    { content: setup, address: setupAddress },
    { content: commandLine, address: commandLineAddress },
    { content: kernel.subarray(setupBytes), address: kernelAddress },
    { content: linux.archive, address: archiveAddress },
  ]);
}

/** Behind the memory that the kernel needs while it unpacks itself. */
function addressBehind(kernel: Buffer): number {
  const end = Number(kernel.readBigUInt64LE(at.preferredAddress)) + kernel.readUInt32LE(at.unpackedSize);
  const step = 16 * 1024 ** 2;
  return Math.ceil(end / step) * step;
}

interface Run {
  readonly content: Buffer;
  readonly address: number;
}

/** The runs one after the other from sector 1, and the code with their table behind it. */
function layOut(runs: readonly Run[]): BootLoader {
  const table = Buffer.alloc((runs.length + 1) * 12);
  const parts: Buffer[] = [];
  let sector = 1;
  for (const [index, { content, address }] of runs.entries()) {
    const sectors = Math.ceil(content.length / sectorBytes);
    table.writeUInt32LE(sector, index * 12);
    table.writeUInt32LE(sectors, index * 12 + 4);
    table.writeUInt32LE(address, index * 12 + 8);
    parts.push(content, Buffer.alloc(sectors * sectorBytes - content.length));
    sector += sectors;
  }
  const bootCode = Buffer.concat([code, table]);
  if (bootCode.length > bootCodeBytes) throw new RangeError("the boot code and its table do not fit into the first sector");
  return { bootCode, content: Buffer.concat(parts) };
}
