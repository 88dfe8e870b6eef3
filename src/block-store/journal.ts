/**
 * What the writer of a snapshot has promised to put into its manifest. A promise is in the file before the writer looks whether the block is in the
 * store: a sweep that reads the journals after it has moved blocks aside therefore knows of every writer that has seen one of them.
 *
 *   header (32 bytes)   "HBJOURN1", size of the volume in GiB (32 bits, big-endian), name of the key (16 bytes, zeroes without one), CRC-32
 *   records (44 bytes)  1: at this index this block, 2: at this index nothing, 3: as 1, and it was somewhere else before; index, digest, CRC-32.
 *                       The last of an index counts.
 *
 * A record that is torn by a power cut ends the journal.
 */
import { open, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { digestBytes, keyNameBytes, type Digest, type KeyName } from "./block.ts";
import { ifCode, readIfThere } from "./durable-file.ts";

const magic = Buffer.from("HBJOURN1");
const headerBytes = 32;
const recordBytes = 8 + digestBytes + 4;
const written = 1;
const removed = 2;
const adopted = 3;
/** As many records go into one write: a short write would tear at most one of many. */
const recordsAtOnce = 1024;

/** `undefined`: nothing, at this index. */
export interface JournalRecord {
  readonly index: number;
  readonly digest: Digest | undefined;
  /** The content did not come from this snapshot's writer. */
  readonly adopted?: boolean;
}

export interface JournalFacts {
  readonly volumeSizeGib: number;
  readonly keyName: KeyName | undefined;
}

export interface JournalContent {
  readonly facts: JournalFacts;
  readonly records: readonly JournalRecord[];
  readonly validBytes: number;
}

/** Undefined: there is none, or none that was begun wholly. */
export async function readJournal(path: string): Promise<JournalContent | undefined> {
  const file = await readIfThere(path);
  if (file === undefined || file.length < headerBytes || !file.subarray(0, magic.length).equals(magic) || !isIntact(file, 0, headerBytes)) return undefined;
  const keyName = file.toString("hex", 12, 12 + keyNameBytes);
  const records: JournalRecord[] = [];
  let at = headerBytes;
  for (; at + recordBytes <= file.length && isIntact(file, at, recordBytes); at += recordBytes) {
    const kind = file.readUInt32BE(at);
    const digest = kind === removed ? undefined : file.toString("hex", at + 8, at + 8 + digestBytes);
    records.push({ index: file.readUInt32BE(at + 4), digest, adopted: kind === adopted });
  }
  return { facts: { volumeSizeGib: file.readUInt32BE(8), keyName: /^0*$/.test(keyName) ? undefined : keyName }, records, validBytes: at };
}

export class Journal {
  readonly #file: FileHandle;
  #isTorn = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Begins it anew. */
  static async create(path: string, facts: JournalFacts): Promise<Journal> {
    const journal = new Journal(await open(path, "w+", 0o600).then((file) => file.close()).then(() => open(path, "a", 0o600)));
    await journal.#append(encodeHeader(facts));
    return journal;
  }

  /** Goes on after what was read of it. */
  static async resume(path: string, { validBytes }: JournalContent): Promise<Journal> {
    const file = await open(path, "a", 0o600);
    await file.truncate(validBytes);
    return new Journal(file);
  }

  async append(records: readonly JournalRecord[]): Promise<void> {
    for (let at = 0; at < records.length; at += recordsAtOnce) {
      await this.#append(Buffer.concat(records.slice(at, at + recordsAtOnce).map(encodeRecord)));
    }
  }

  async flush(): Promise<void> {
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #append(bytes: Buffer): Promise<void> {
    if (this.#isTorn) throw new Error("the journal is torn; begin the snapshot again");
    try {
      const { bytesWritten } = await this.#file.write(bytes);
      if (bytesWritten < bytes.length) throw new Error("a journal's record was written in part");
    } catch (thrown) {
      this.#isTorn = true; // what comes after half a record could not be read
      throw thrown;
    }
  }
}

function encodeHeader({ volumeSizeGib, keyName }: JournalFacts): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32BE(volumeSizeGib, 8);
  if (keyName !== undefined) header.write(keyName, 12, "hex");
  return withChecksum(header);
}

function encodeRecord({ index, digest, adopted: isAdopted }: JournalRecord): Buffer {
  const record = Buffer.alloc(recordBytes);
  record.writeUInt32BE(digest === undefined ? removed : isAdopted === true ? adopted : written, 0);
  record.writeUInt32BE(index, 4);
  if (digest !== undefined) record.write(digest, 8, "hex");
  return withChecksum(record);
}

function withChecksum(bytes: Buffer): Buffer {
  const end = bytes.length - 4;
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

function isIntact(file: Buffer, start: number, length: number): boolean {
  const end = start + length - 4;
  return crc32(file.subarray(start, end)) === file.readUInt32BE(end);
}

/** Whether the journal is still there: its snapshot has not been removed. */
export async function hasJournal(path: string): Promise<boolean> {
  return open(path).then((file) => file.close()).then(() => true, ifCode("ENOENT", false));
}
