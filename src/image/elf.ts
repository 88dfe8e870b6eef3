/**
 * Reads what the builder needs from ELF files: the shared libraries that a program asks for, and the modules that a kernel
 * module depends on. 64-bit little-endian files only; for anything else the answer is that there are none.
 */

const dynamicSegment = 2;
const loadSegment = 1;
const tag = { end: 0, needed: 1, stringTable: 5 } as const;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Whether the bytes are a 64-bit little-endian ELF file. */
export function isElf(file: Buffer): boolean {
  return file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
}

/** The names in the file's `NEEDED` entries, such as `libc.so.6`; the program interpreter is not among them. */
export function neededLibraries(file: Buffer): readonly string[] {
  if (!isElf(file)) return [];
  const segments = segmentsOf(file);
  const dynamic = segments.find((segment) => segment.type === dynamicSegment);
  if (dynamic === undefined) return [];
  const entries = dynamicEntries(file, dynamic);
  const strings = entries.find((entry) => entry.tag === tag.stringTable);
  const base = strings === undefined ? undefined : offsetOf(segments, strings.value);
  if (base === undefined) return [];
  return entries.filter((entry) => entry.tag === tag.needed).map((entry) => textAt(file, base + entry.value));
}

/** The file's program interpreter, such as `/lib64/ld-linux-x86-64.so.2`. */
export function findInterpreter(file: Buffer): string | undefined {
  const segment = isElf(file) ? segmentsOf(file).find(({ type }) => type === 3) : undefined;
  return segment === undefined ? undefined : textAt(file, segment.offset);
}

/** The names in a kernel module's `depends=` field. */
export function neededModules(file: Buffer): readonly string[] {
  const field = "\0depends=";
  const at = file.indexOf(field);
  const text = at < 0 ? "" : textAt(file, at + field.length);
  return text === "" ? [] : text.split(",");
}

function segmentsOf(file: Buffer): Segment[] {
  const start = Number(file.readBigUInt64LE(32));
  const entryBytes = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = start + index * entryBytes;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

function dynamicEntries(file: Buffer, segment: Segment): { tag: number; value: number }[] {
  const entries: { tag: number; value: number }[] = [];
  for (let at = segment.offset; at < segment.offset + segment.size; at += 16) {
    const entry = { tag: Number(file.readBigInt64LE(at)), value: Number(file.readBigUInt64LE(at + 8)) };
    if (entry.tag === tag.end) break;
    entries.push(entry);
  }
  return entries;
}

function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  const home = segments.find(({ type, address: start, size }) => type === loadSegment && address >= start && address < start + size);
  return home === undefined ? undefined : address - home.address + home.offset;
}

function textAt(file: Buffer, offset: number): string {
  return file.toString("latin1", offset, file.indexOf(0, offset));
}
