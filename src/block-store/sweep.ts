/**
 * Removes the blocks that nothing names, while other processes write and read.
 *
 *   1. what is named: first all journals are read, then all manifests (a snapshot's manifest is there before its journal goes)
 *   2. every other block is moved aside
 *   3. what is named by now, in the same order
 *   4. of the blocks aside, those that are named by now are moved back, the others are removed
 *
 * A writer promises a block in its journal and looks for it after that. When the promise came before step 3 began, the block comes back; when it came
 * later, the writer did not find the block and has written it again. A sweep that is killed leaves blocks aside: the next one goes on with them, and
 * whoever looks for one meanwhile fetches it back himself.
 */
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "./block.ts";
import { flushFolder, ifCode, makeFolder, readIfThere, remove, type Witness } from "./durable-file.ts";
import { readJournal } from "./journal.ts";
import { Manifest } from "./manifest.ts";
import { blockFile, blockFolder, type StoreLayout } from "./store-layout.ts";

export interface SweepResult {
  /** Blocks that were looked at. */
  readonly examined: number;
  readonly removed: number;
  /** Of the files of the removed blocks. */
  readonly removedBytes: number;
}

export interface StoredBlock {
  /** Below the store's folder. */
  readonly folder: string;
  readonly digest: Digest;
}

/** Longer than any writer takes for one file. */
const unfinishedForMs = 3_600_000;

export async function sweep(layout: StoreLayout, witness: Witness, now: number): Promise<SweepResult> {
  const named = new NamedBlocks(layout, witness);
  await named.read();
  // A snapshot whose removal is not on disk would be there again after a power cut, without its blocks.
  for (const folder of [layout.manifests, layout.journals]) await flushFolder(folder).catch(ifCode("ENOENT", undefined));
  let examined = 0;
  for await (const block of listBlocks(layout.directory)) {
    examined++;
    if (!named.has(block)) await move(block, layout.directory, layout.aside, witness);
  }
  await named.read();
  let [removed, removedBytes] = [0, 0];
  for await (const block of listBlocks(layout.aside)) {
    if (named.has(block)) {
      await move(block, layout.aside, layout.directory, witness);
      continue;
    }
    const path = join(layout.aside, block.folder, blockFile(block.digest));
    removedBytes += await stat(path).then(({ size }) => size, ifCode("ENOENT", 0));
    await remove(path, witness);
    removed++;
  }
  await removeUnfinished(layout, now);
  return { examined, removed, removedBytes };
}

/** The blocks below the store's folder or below `aside`. */
export async function* listBlocks(directory: string): AsyncGenerator<StoredBlock, undefined> {
  const keys = (await listNames(join(directory, "sealed"))).map((keyName) => blockFolder(keyName));
  for (const folder of [blockFolder(undefined), ...keys]) {
    for (const prefix of await listNames(join(directory, folder))) {
      for (const rest of await listNames(join(directory, folder, prefix))) yield { folder, digest: prefix + rest };
    }
  }
}

/** What journals and manifests name; each `read` adds what there is by then. */
export class NamedBlocks {
  readonly #layout: StoreLayout;
  readonly #witness: Witness;
  readonly #names = new Set<string>();
  readonly #manifestsRead = new Set<string>();

  constructor(layout: StoreLayout, witness: Witness) {
    this.#layout = layout;
    this.#witness = witness;
  }

  async read(): Promise<void> {
    for (const id of await listNames(this.#layout.journals)) {
      const journal = await readJournal(join(this.#layout.journals, id));
      if (journal === undefined) continue;
      const folder = blockFolder(journal.facts.keyName);
      for (const { digest } of journal.records) if (digest !== undefined) this.#names.add(`${folder} ${digest}`);
    }
    await this.#witness("journals read");
    for (const id of await listNames(this.#layout.manifests)) {
      if (this.#manifestsRead.has(id)) continue; // they do not change
      const file = await readIfThere(join(this.#layout.manifests, id));
      if (file === undefined) continue;
      const manifest = Manifest.parse(id, file);
      const folder = blockFolder(manifest.keyName);
      for (const { digest } of manifest) this.#names.add(`${folder} ${digest}`);
      this.#manifestsRead.add(id);
    }
  }

  has({ folder, digest }: StoredBlock): boolean {
    return this.#names.has(`${folder} ${digest}`);
  }
}

export async function listNames(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(ifCode("ENOENT", []));
}

async function move({ folder, digest }: StoredBlock, from: string, to: string, witness: Witness): Promise<void> {
  const target = join(to, folder, blockFile(digest));
  await makeFolder(join(to, folder, digest.slice(0, 2)));
  await witness("move");
  await rename(join(from, folder, blockFile(digest)), target).catch(ifCode("ENOENT", undefined)); // another sweep or a reader was faster
  await witness("move done");
}

async function removeUnfinished(layout: StoreLayout, now: number): Promise<void> {
  for (const name of await listNames(layout.unfinished)) {
    const path = join(layout.unfinished, name);
    const changedAt = await stat(path).then(({ mtimeMs }) => mtimeMs, ifCode("ENOENT", now));
    if (now - changedAt > unfinishedForMs) await rm(path, { force: true });
  }
}
