/** A snapshot that uses everything that a writer can do: over `base`, with blocks that are there already, new ones, one that is replaced and one that goes. */
import type { BlockStore } from "../block-store.ts";
import { blockOf, sealSnapshot } from "./scratch-store.ts";

export const base = "snap-base";
const baseBlocks = { 0: "kept;", 1: "changed;", 2: "gone;" };
export const exampleBlocks = { 0: "kept;", 1: "other;", 5: "kept;", 7: "last;" };

export async function writeBase(store: BlockStore): Promise<void> {
  await sealSnapshot(store, base, baseBlocks);
}

export async function writeExample(store: BlockStore, id: string): Promise<void> {
  if ((await store.openManifest(id)) !== undefined) return;
  const manifest = await store.openManifest(base);
  if (manifest === undefined) throw new Error("there is no base");
  const writer = await store.beginSnapshot(id, { volumeSizeGib: 1 });
  await writer.adoptAll(manifest);
  await writer.put(1, blockOf("other;"));
  await writer.remove(2);
  await writer.put(5, blockOf("kept;"));
  await writer.put(7, blockOf("first;"));
  await writer.flush();
  await writer.put(7, blockOf("last;"));
  await writer.seal();
}
