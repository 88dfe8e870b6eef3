/**
 * One program for UEFI firmware that is a kernel, its command line and its first file system together: systemd's stub with these as further sections
 * of its file (a "unified kernel image"). The stub finds its sections in memory and hands them to the kernel.
 *
 * ```
 *   stub's headers   …, number of sections, size in memory, table of sections with room behind it
 *   stub's sections
 *   .cmdline         where the firmware puts each: behind what comes before, on the stub's own boundaries
 *   .linux
 *   .initrd
 * ```
 * The file's format: https://learn.microsoft.com/windows/win32/debug/pe-format; the sections: https://uapi-group.org/specifications/specs/unified_kernel_image/.
 */

export interface KernelToUnify {
  /** `linuxaa64.efi.stub` of the Debian package systemd-boot-efi. */
  readonly stub: Buffer;
  readonly kernel: Buffer;
  readonly archive: Buffer;
  readonly commandLine: string;
}

const [offsetOfHeader, offsetOfOptional] = [0x3c, 24];
const at = { sections: 6, optionalSize: 20, memoryAlignment: 32, fileAlignment: 36, imageSize: 56, headersSize: 60 } as const;
const entryBytes = 40;
const readableData = 0x4000_0040;

export function unifyKernel({ stub, kernel, archive, commandLine }: KernelToUnify): Buffer {
  const header = stub.length < 64 ? 0 : stub.readUInt32LE(offsetOfHeader);
  if (header === 0 || header + 64 > stub.length || stub.toString("latin1", header, header + 4) !== "PE\0\0") throw new Error("the stub is no program for UEFI firmware");
  const optional = header + offsetOfOptional;
  const [memoryAlignment, fileAlignment] = [stub.readUInt32LE(optional + at.memoryAlignment), stub.readUInt32LE(optional + at.fileAlignment)];
  const count = stub.readUInt16LE(header + at.sections);
  const table = optional + stub.readUInt16LE(header + at.optionalSize);
  const added = Object.entries({ ".cmdline": Buffer.from(commandLine), ".linux": kernel, ".initrd": archive });
  if (table + (count + added.length) * entryBytes > stub.readUInt32LE(optional + at.headersSize)) throw new RangeError("the stub's table of sections has no room for more");
  const whole = Buffer.from(stub);
  const parts: Buffer[] = [whole];
  let fileEnd = stub.length;
  let memoryEnd = Math.max(...Array.from({ length: count }, (_, index) => endInMemory(stub, table + index * entryBytes)));
  for (const [index, [name, content]] of added.entries()) {
    const [address, offset] = [roundUp(memoryEnd, memoryAlignment), roundUp(fileEnd, fileAlignment)];
    const size = roundUp(content.length, fileAlignment);
    writeEntry(whole, table + (count + index) * entryBytes, { name, length: content.length, address, size, offset });
    parts.push(Buffer.alloc(offset - fileEnd), content, Buffer.alloc(size - content.length));
    [memoryEnd, fileEnd] = [address + content.length, offset + size];
  }
  whole.writeUInt16LE(count + added.length, header + at.sections);
  whole.writeUInt32LE(roundUp(memoryEnd, memoryAlignment), optional + at.imageSize);
  return Buffer.concat(parts);
}

function endInMemory(file: Buffer, entry: number): number {
  return file.readUInt32LE(entry + 12) + file.readUInt32LE(entry + 8);
}

interface Section {
  readonly name: string;
  readonly length: number;
  readonly address: number;
  readonly size: number;
  readonly offset: number;
}

function writeEntry(file: Buffer, entry: number, { name, length, address, size, offset }: Section): void {
  file.fill(0, entry, entry + entryBytes);
  file.write(name, entry, 8, "latin1");
  for (const [index, value] of [length, address, size, offset].entries()) file.writeUInt32LE(value, entry + 8 + 4 * index);
  file.writeUInt32LE(readableData, entry + 36);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
