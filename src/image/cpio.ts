/**
 * Writes the archive format that the Linux kernel unpacks as its first root file system ("newc" cpio). The bytes are a pure
 * function of the entries: no times, no users (everything belongs to root), inode numbers counted in order.
 */

export type CpioEntry =
  | { readonly kind: "directory"; readonly name: string; readonly mode?: number }
  | { readonly kind: "file"; readonly name: string; readonly content: Uint8Array; readonly mode?: number }
  | { readonly kind: "link"; readonly name: string; readonly target: string }
  | { readonly kind: "character-device"; readonly name: string; readonly major: number; readonly minor: number; readonly mode?: number };

const typeBits = { directory: 0o040000, file: 0o100000, link: 0o120000, "character-device": 0o020000 } as const;
const defaultMode = { directory: 0o755, file: 0o644, link: 0o777, "character-device": 0o600 } as const;

/** The whole archive, trailer included. Names are relative to the root; a directory must come before what it contains. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => member(entry, index + 1));
  return Buffer.concat([...parts, ...pack("TRAILER!!!", { inode: 0, mode: 0, content: empty, major: 0, minor: 0 })]);
}

const empty = new Uint8Array();

function member(entry: CpioEntry, inode: number): Uint8Array[] {
  if (entry.name === "" || entry.name.startsWith("/")) throw new Error(`a name in an archive must be relative, not "${entry.name}"`);
  const permissions = "mode" in entry && entry.mode !== undefined ? entry.mode : defaultMode[entry.kind];
  const device = entry.kind === "character-device" ? entry : { major: 0, minor: 0 };
  return pack(entry.name, { inode, mode: typeBits[entry.kind] | permissions, content: contentOf(entry), major: device.major, minor: device.minor });
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.kind === "file") return entry.content;
  return entry.kind === "link" ? Buffer.from(entry.target) : empty;
}

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly content: Uint8Array;
  readonly major: number;
  readonly minor: number;
}

function pack(name: string, fields: Fields): Uint8Array[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const numbers = [
    fields.inode, fields.mode, 0, 0, 1, 0, fields.content.length, 0, 0, fields.major, fields.minor, nameBytes.length, 0,
  ];
  const header = Buffer.from(`070701${numbers.map((value) => value.toString(16).toUpperCase().padStart(8, "0")).join("")}`);
  return [header, nameBytes, padding(header.length + nameBytes.length), fields.content, padding(fields.content.length)];
}

/** Header with name, and content, each end on a multiple of four. */
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
