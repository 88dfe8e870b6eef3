/**
 * Writes one snapshot: blocks into the store, what is where into a journal, and in the end the manifest.
 *
 * Killed at any moment it leaves nothing that is wrong: a journal and some blocks, with which the next writer of the same snapshot goes on, or
 * the manifest. Calls may overlap as long as they are about different indexes; of two about the same one either may count.
 */
import { join } from "node:path";
import { blockSize, blocksPerGib, digestOf, isZero, keyNameOf, type Digest } from "./block.ts";
import type { BlockFiles } from "./block-files.ts";
import { MissingBlockError, SnapshotRemovedError } from "./block-errors.ts";
import { flushFolder, linkInto, remove, writeFlushed, type Witness } from "./durable-file.ts";
import { hasJournal, Journal, readJournal, type JournalFacts, type JournalRecord } from "./journal.ts";
import { encodeManifest, type ManifestEntry } from "./manifest.ts";
import type { StoreLayout } from "./store-layout.ts";

export interface SnapshotOptions {
  readonly volumeSizeGib: number;
  /** 32 bytes; undefined: not encrypted. */
  readonly key?: Uint8Array | undefined;
  /** Blocks of zeroes are kept as blocks, and not as places where nothing is. */
  readonly keepZeroes?: boolean;
}

export interface SealedSnapshot {
  readonly total: number;
  /** How many of the blocks were not in the store before this writer; those of a writer that was killed do not count. */
  readonly moved: number;
}

export interface SnapshotWriter {
  /** The block of an index, of this writer or of an earlier one whose work it goes on with. */
  find(index: number): Digest | undefined;
  /** How many indexes have a block. */
  readonly count: number;
  /** What was put for this snapshot, and not adopted, by rising index. */
  listPut(): readonly ManifestEntry[];
  /** Stores `blockSize` bytes. They are in the store when it returns, and on disk for certain after `flush` or `seal`. `digest`: when it is known. */
  put(index: number, data: Uint8Array, digest?: Digest): Promise<Digest | undefined>;
  /** A block that is in the store already, sealed with the same key; else `MissingBlockError`. */
  adopt(index: number, digest: Digest): Promise<void>;
  /** The same with several, such as a manifest. */
  adoptAll(entries: Iterable<ManifestEntry>): Promise<void>;
  /** A block from the file of another store, sealed with the same key. */
  take(index: number, digest: Digest, file: string): Promise<void>;
  /** Nothing is at this index. */
  remove(index: number): Promise<void>;
  /** Everything put so far is durable when it returns: the next writer of this snapshot will find it, whatever happens. */
  flush(): Promise<void>;
  /** The snapshot is complete and durable; `SnapshotRemovedError` when it was removed meanwhile. */
  seal(): Promise<SealedSnapshot>;
  /** Ends without a snapshot. */
  abandon(): Promise<void>;
  /** Ends for now: the next writer goes on. */
  close(): Promise<void>;
}

export interface WriterParts {
  readonly layout: StoreLayout;
  readonly blocks: BlockFiles;
  readonly witness: Witness;
}

const looksAtOnce = 64;

/** Goes on where an earlier writer ended, if there was one. */
export async function openSnapshotWriter(parts: WriterParts, id: string, options: SnapshotOptions): Promise<SnapshotWriter> {
  const path = join(parts.layout.journals, id);
  const facts: JournalFacts = { volumeSizeGib: options.volumeSizeGib, keyName: options.key && keyNameOf(options.key) };
  const earlier = await readJournal(path);
  if (earlier === undefined) {
    const journal = await Journal.create(path, facts);
    await flushFolder(parts.layout.journals);
    return new Writer(parts, id, options, journal, { digests: new Map(), put: new Set() });
  }
  if (earlier.facts.volumeSizeGib !== facts.volumeSizeGib || earlier.facts.keyName !== facts.keyName) throw new Error(`${id} was begun with another size or key`);
  const kept = await findKept(parts.blocks, earlier.records);
  return new Writer(parts, id, options, await Journal.resume(path, earlier), kept);
}

/** What is where in the snapshot. */
interface Content {
  readonly digests: Map<number, Digest>;
  /** The indexes of what was put and not adopted. */
  readonly put: Set<number>;
}

/** A promise that was not kept counts for nothing: the writer was killed before its block was there. */
async function findKept(blocks: BlockFiles, records: readonly JournalRecord[]): Promise<Content> {
  const there: boolean[] = [];
  for (let at = 0; at < records.length; at += looksAtOnce) {
    there.push(...(await Promise.all(records.slice(at, at + looksAtOnce).map(({ digest }) => digest === undefined || blocks.has(digest)))));
  }
  const content: Content = { digests: new Map(), put: new Set() };
  for (const record of records.filter((_record, at) => there[at])) change(content, record);
  return content;
}

function change({ digests, put }: Content, { index, digest, adopted }: JournalRecord): void {
  if (digest === undefined) digests.delete(index);
  else digests.set(index, digest);
  if (digest === undefined || adopted === true) put.delete(index);
  else put.add(index);
}

class Writer implements SnapshotWriter {
  readonly #parts: WriterParts;
  readonly #id: string;
  readonly #options: SnapshotOptions;
  readonly #journal: Journal;
  readonly #content: Content;
  readonly #moved = new Set<number>();
  #flushing: Promise<unknown> = Promise.resolve();
  #nextFlush: Promise<void> | undefined;

  constructor(parts: WriterParts, id: string, options: SnapshotOptions, journal: Journal, content: Content) {
    this.#parts = parts;
    this.#id = id;
    this.#options = options;
    this.#journal = journal;
    this.#content = content;
  }

  get count(): number {
    return this.#content.digests.size;
  }

  find(index: number): Digest | undefined {
    return this.#content.digests.get(index);
  }

  listPut(): readonly ManifestEntry[] {
    const { digests, put } = this.#content;
    return [...put].toSorted((a, b) => a - b).map((index) => ({ index, digest: digests.get(index) ?? "" }));
  }

  async put(index: number, data: Uint8Array, known?: Digest): Promise<Digest | undefined> {
    this.#requireIndex(index);
    if (data.length !== blockSize) throw new RangeError(`a block has ${blockSize} bytes, not ${data.length}`);
    if (this.#options.keepZeroes !== true && isZero(data)) {
      await this.remove(index);
      return undefined;
    }
    const digest = known ?? digestOf(data);
    await this.#promise([{ index, digest }]);
    this.#set({ index, digest }, await this.#parts.blocks.put(digest, data));
    return digest;
  }

  async adopt(index: number, digest: Digest): Promise<void> {
    this.#requireIndex(index);
    await this.#adopt([{ index, digest }]);
  }

  async adoptAll(entries: Iterable<ManifestEntry>): Promise<void> {
    await this.#adopt([...entries]);
  }

  async take(index: number, digest: Digest, file: string): Promise<void> {
    this.#requireIndex(index);
    const record = { index, digest, adopted: true };
    await this.#promise([record]);
    this.#set(record, await this.#parts.blocks.take(digest, file));
  }

  async remove(index: number): Promise<void> {
    if (!this.#content.digests.has(index)) return;
    const record = { index, digest: undefined };
    await this.#journal.append([record]);
    this.#set(record, false);
  }

  /** Whoever asks while one is under way shares the next one. */
  flush(): Promise<void> {
    if (this.#nextFlush !== undefined) return this.#nextFlush;
    const next = this.#flushing.then(async () => {
      this.#nextFlush = undefined;
      await Promise.all([this.#journal.flush(), this.#parts.blocks.flush()]);
    });
    this.#flushing = next.catch(() => undefined);
    this.#nextFlush = next;
    return next;
  }

  async seal(): Promise<SealedSnapshot> {
    const { layout, blocks, witness } = this.#parts;
    const { volumeSizeGib, key } = this.#options;
    const entries = Array.from(this.#content.digests, ([index, digest]): ManifestEntry => ({ index, digest }));
    await blocks.flush();
    const unfinished = await writeFlushed(layout.unfinished, [encodeManifest({ volumeSizeGib, moved: this.#moved.size, keyName: key && keyNameOf(key) }, entries)], witness);
    const isFirst = await linkInto(unfinished, join(layout.manifests, this.#id), witness);
    await remove(unfinished, witness);
    if (!isFirst) throw new Error(`${this.#id} is complete already`);
    await flushFolder(layout.manifests);
    // The journal is what kept the blocks. Whoever removes a snapshot takes the journal first, so as long as it is there the manifest has come in time.
    if (!(await hasJournal(this.#journalPath))) {
      await remove(join(layout.manifests, this.#id), witness);
      throw new SnapshotRemovedError(this.#id);
    }
    await this.abandon();
    return { total: entries.length, moved: this.#moved.size };
  }

  async abandon(): Promise<void> {
    await this.close();
    await remove(this.#journalPath, this.#parts.witness);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  async #adopt(entries: readonly ManifestEntry[]): Promise<void> {
    await this.#promise(entries.map((entry) => ({ ...entry, adopted: true })));
    for (let at = 0; at < entries.length; at += looksAtOnce) {
      await Promise.all(entries.slice(at, at + looksAtOnce).map((entry) => this.#adoptOne(entry)));
    }
  }

  async #adoptOne(entry: ManifestEntry): Promise<void> {
    if (!(await this.#parts.blocks.has(entry.digest))) throw new MissingBlockError(entry.digest);
    this.#set({ ...entry, adopted: true }, false);
  }

  #set(record: JournalRecord, isNew: boolean): void {
    change(this.#content, record);
    if (isNew) this.#moved.add(record.index);
    else this.#moved.delete(record.index);
  }

  async #promise(records: readonly JournalRecord[]): Promise<void> {
    await this.#parts.witness("promise");
    await this.#journal.append(records);
    await this.#parts.witness("promise done");
  }

  get #journalPath(): string {
    return join(this.#parts.layout.journals, this.#id);
  }

  #requireIndex(index: number): void {
    const end = this.#options.volumeSizeGib * blocksPerGib;
    if (!Number.isInteger(index) || index < 0 || index >= end) throw new RangeError(`there is no block ${index} in a volume of ${end} blocks`);
  }
}
