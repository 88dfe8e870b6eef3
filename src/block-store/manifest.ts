/**
 * A manifest: which block is where in a snapshot. Whole and immutable; an index that it does not have reads as zeroes.
 *
 *   header (64 bytes)   "HBMANIF1", then big-endian 32-bit numbers: size of the volume in GiB, count, moved, 1 when the blocks are sealed;
 *                       the name of their key (16 bytes)
 *   entries             index (32 bits, big-endian), digest (32 bytes); by rising index, no index twice
 *   checksum            SHA-256 of everything before it
 */
import { hash } from "node:crypto";
import { digestBytes, keyNameBytes, type Digest, type KeyName } from "./block.ts";
import { CorruptManifestError } from "./block-errors.ts";

const magic = Buffer.from("HBMANIF1");
const headerBytes = 64;
const entryBytes = 4 + digestBytes;
const keyNameAt = 24;

export interface ManifestEntry {
  readonly index: number;
  readonly digest: Digest;
}

/** A block that two snapshots do not have in common; undefined: that snapshot has zeroes there. */
export interface ManifestChange {
  readonly index: number;
  readonly before: Digest | undefined;
  readonly after: Digest | undefined;
}

export interface ManifestFacts {
  readonly volumeSizeGib: number;
  /** How many of the blocks were not in the store before the snapshot was. */
  readonly moved: number;
  /** The key that the blocks are sealed with; undefined: they are not. */
  readonly keyName: KeyName | undefined;
}

export class Manifest implements ManifestFacts, Iterable<ManifestEntry> {
  readonly volumeSizeGib: number;
  readonly count: number;
  readonly moved: number;
  readonly keyName: KeyName | undefined;
  readonly #file: Buffer;

  private constructor(file: Buffer) {
    this.#file = file;
    this.volumeSizeGib = file.readUInt32BE(8);
    this.count = file.readUInt32BE(12);
    this.moved = file.readUInt32BE(16);
    this.keyName = file.readUInt32BE(20) === 0 ? undefined : file.toString("hex", keyNameAt, keyNameAt + keyNameBytes);
  }

  /** `snapshot` is for the error's text. */
  static parse(snapshot: string, file: Buffer): Manifest {
    const end = file.length - digestBytes;
    const isWhole = end >= headerBytes && file.subarray(0, magic.length).equals(magic) && end === headerBytes + file.readUInt32BE(12) * entryBytes;
    if (!isWhole || hash("sha256", file.subarray(0, end), "hex") !== file.toString("hex", end)) throw new CorruptManifestError(snapshot);
    return new Manifest(file);
  }

  /** Bytes that it takes in memory. */
  get byteLength(): number {
    return this.#file.length;
  }

  find(index: number): Digest | undefined {
    const at = this.#firstFrom(index);
    return at < this.count && this.#indexAt(at) === index ? this.#digestAt(at) : undefined;
  }

  [Symbol.iterator](): Iterator<ManifestEntry> {
    return this.from(0);
  }

  /** The entries from this index on. */
  *from(index: number): Generator<ManifestEntry, undefined> {
    for (let at = this.#firstFrom(index); at < this.count; at++) yield { index: this.#indexAt(at), digest: this.#digestAt(at) };
  }

  /** What became of `earlier` to make it this, from an index on. */
  *changesFrom(earlier: Manifest, fromIndex = 0): Generator<ManifestChange, undefined> {
    let mine = this.#firstFrom(fromIndex);
    let other = earlier.#firstFrom(fromIndex);
    while (mine < this.count || other < earlier.count) {
      const here = mine < this.count ? this.#indexAt(mine) : Number.POSITIVE_INFINITY;
      const there = other < earlier.count ? earlier.#indexAt(other) : Number.POSITIVE_INFINITY;
      if (here < there) yield { index: here, before: undefined, after: this.#digestAt(mine) };
      else if (there < here) yield { index: there, before: earlier.#digestAt(other), after: undefined };
      else if (!this.#isSameDigest(mine, earlier, other)) yield { index: here, before: earlier.#digestAt(other), after: this.#digestAt(mine) };
      if (here <= there) mine++;
      if (there <= here) other++;
    }
  }

  /** The position of the first entry whose index is not less. */
  #firstFrom(index: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#indexAt(middle) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #indexAt(at: number): number {
    return this.#file.readUInt32BE(headerBytes + at * entryBytes);
  }

  #digestAt(at: number): Digest {
    const start = headerBytes + at * entryBytes + 4;
    return this.#file.toString("hex", start, start + digestBytes);
  }

  #isSameDigest(mine: number, earlier: Manifest, other: number): boolean {
    const [a, b] = [headerBytes + mine * entryBytes + 4, headerBytes + other * entryBytes + 4];
    return this.#file.compare(earlier.#file, b, b + digestBytes, a, a + digestBytes) === 0;
  }
}

/** The file; the entries may be in any order and have no index twice. */
export function encodeManifest({ volumeSizeGib, moved, keyName }: ManifestFacts, entries: readonly ManifestEntry[]): Buffer {
  const end = headerBytes + entries.length * entryBytes;
  const file = Buffer.alloc(end + digestBytes);
  magic.copy(file);
  file.writeUInt32BE(volumeSizeGib, 8);
  file.writeUInt32BE(entries.length, 12);
  file.writeUInt32BE(moved, 16);
  if (keyName !== undefined) {
    file.writeUInt32BE(1, 20);
    file.write(keyName, keyNameAt, "hex");
  }
  let at = headerBytes;
  for (const { index, digest } of entries.toSorted((a, b) => a.index - b.index)) {
    file.writeUInt32BE(index, at);
    file.write(digest, at + 4, "hex");
    at += entryBytes;
  }
  file.write(hash("sha256", file.subarray(0, end), "hex"), end, "hex");
  return file;
}
