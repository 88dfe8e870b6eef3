/**
 * The blocks of one key (or of none) as files. A file has its name only when it is whole and on disk, so whoever finds it may rely on it;
 * the name itself is durable after `flush`. A sweep may have a block aside for a moment; whoever needs it fetches it back.
 */
import { access, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { keyNameOf, type Digest } from "./block.ts";
import { decodeBlock, encodeBlock } from "./block-codec.ts";
import { MissingBlockError } from "./block-errors.ts";
import { flushFolder, ifCode, linkInto, readIfThere, renameInto, writeFlushed, type Witness } from "./durable-file.ts";
import { blockFile, blockFolder, type StoreLayout } from "./store-layout.ts";

export class BlockFiles {
  readonly #layout: StoreLayout;
  readonly #key: Uint8Array | undefined;
  readonly #folder: string;
  readonly #witness: Witness;
  readonly #unflushed = new Set<string>();
  #flushed: Promise<unknown> = Promise.resolve();

  constructor(layout: StoreLayout, key: Uint8Array | undefined, witness: Witness) {
    this.#layout = layout;
    this.#key = key;
    this.#folder = blockFolder(key === undefined ? undefined : keyNameOf(key));
    this.#witness = witness;
  }

  async get(digest: Digest): Promise<Buffer> {
    const path = this.pathOf(digest);
    const file = (await readIfThere(path)) ?? ((await this.#fetchBack(digest)) ? await readIfThere(path) : undefined);
    if (file === undefined) throw new MissingBlockError(digest);
    return decodeBlock(digest, file, this.#key);
  }

  async has(digest: Digest): Promise<boolean> {
    return (await isThere(this.pathOf(digest))) || this.#fetchBack(digest);
  }

  /** Writes the block unless it is there; true when it was not. Only for a block that a journal has promised. */
  async put(digest: Digest, data: Uint8Array): Promise<boolean> {
    return this.#ensure(digest, async (path) => this.#write(path, await encodeBlock(digest, data, this.#key)));
  }

  /** The same with the file of another store, sealed alike: a second name of that file where it is possible. */
  async take(digest: Digest, file: string): Promise<boolean> {
    return this.#ensure(digest, async (path) => {
      if (!(await linkInto(file, path, this.#witness).then(() => true, ifCode("EXDEV", false)))) await this.#write(path, [await readFile(file)]);
    });
  }

  /** Makes the names of all blocks durable that were put before. */
  flush(): Promise<void> {
    const flushed = this.#flushed.then(() => this.#flush()); // one after the other: what another flush has begun must have ended too
    this.#flushed = flushed.catch(() => undefined);
    return flushed;
  }

  pathOf(digest: Digest): string {
    return join(this.#layout.directory, this.#folder, blockFile(digest));
  }

  async #ensure(digest: Digest, make: (path: string) => Promise<unknown>): Promise<boolean> {
    const path = this.pathOf(digest);
    const isNew = !(await isThere(path));
    if (isNew) await make(path);
    for (let at = path, level = 0; level < 3; level++) this.#unflushed.add((at = dirname(at))); // though it was there: its writer may not have come so far
    return isNew;
  }

  async #flush(): Promise<void> {
    const folders = [...this.#unflushed];
    this.#unflushed.clear();
    try {
      await Promise.all(folders.map(flushFolder));
    } catch (thrown) {
      for (const folder of folders) this.#unflushed.add(folder);
      throw thrown;
    }
  }

  async #write(path: string, file: readonly Uint8Array[]): Promise<void> {
    await renameInto(await writeFlushed(this.#layout.unfinished, file, this.#witness), path, this.#witness);
  }

  /** From where a sweep has put it; false when it is nowhere. */
  async #fetchBack(digest: Digest): Promise<boolean> {
    const path = this.pathOf(digest);
    const aside = join(this.#layout.aside, this.#folder, blockFile(digest));
    const moved = await rename(aside, path).then(() => true, ifCode("ENOENT", false));
    return moved || isThere(path); // the sweep may have moved it back itself
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, ifCode("ENOENT", false));
}
