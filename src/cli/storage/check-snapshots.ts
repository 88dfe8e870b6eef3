/**
 * Compares the block stores with the rows: every manifest, and every block that one names, read and verified. Works beside everything else: folders are listed before the
 * rows are read, and a snapshot's row is there before its files and goes after them.
 *
 * Repairs only what is safe: what belongs to no row goes, and a completed snapshot without its manifest is marked as failed. A damaged block is only reported; it may be
 * in a copy of the data directory.
 */
import { CorruptManifestError, type BlockStore, type Manifest } from "../../block-store/block-store.ts";
import type { Clock } from "../../base/clock.ts";
import { errorChain } from "../../base/errors.ts";
import { readSnapshotKey } from "../../storage/direct-snapshot.ts";
import type { SnapshotRow } from "../../store/storage-tables.ts";
import type { Store } from "../../store/store.ts";
import type { Findings } from "./findings.ts";

export interface SnapshotCheckParts {
  readonly store: Store;
  readonly blocks: (region: string) => BlockStore;
  readonly clock: Clock;
  readonly findings: Findings;
}

interface Known {
  readonly rows: ReadonlyMap<string, SnapshotRow>;
  /** Of imports under way: their snapshots have no rows yet. */
  readonly importing: ReadonlySet<string>;
}

const readsAtOnce = 2;

/** How many snapshots and blocks were looked at. */
export async function checkSnapshots(parts: SnapshotCheckParts, region: string): Promise<{ readonly snapshots: number; readonly blocks: number }> {
  const blocks = parts.blocks(region);
  const [journals, manifests] = [await blocks.listJournals(), await blocks.listSnapshots()];
  const known = await readKnown(parts.store, region);
  await checkJournals(parts, blocks, journals, known);
  const whole = await openManifests(parts, blocks, manifests, known);
  await checkMissing(parts, blocks, region, known);
  const verified = await verifyBlocks(parts, blocks, whole, known);
  await checkUnnamed(parts, blocks, region);
  return { snapshots: manifests.length, blocks: verified };
}

async function readKnown(store: Store, region: string): Promise<Known> {
  return store.read(async (tx) => {
    const rows = await tx.db.selectFrom("snapshots").selectAll().where("region", "=", region).where("origin", "!=", "file").execute();
    const tasks = await tx.db.selectFrom("import_tasks").select("id").where("region", "=", region).where("state", "in", ["active", "deleting"]).execute();
    return { rows: new Map(rows.map((row) => [row.id, row])), importing: new Set(tasks.map(({ id }) => id.slice("import-".length))) };
  });
}

function isKnown({ rows, importing }: Known, id: string): boolean {
  return rows.has(id) || importing.has(id);
}

async function checkJournals({ findings }: SnapshotCheckParts, blocks: BlockStore, ids: readonly string[], known: Known): Promise<void> {
  for (const id of ids) {
    if (!isKnown(known, id)) await findings.addRepairable(id, "has a journal, but there is no such snapshot", "the journal was removed", () => blocks.removeSnapshot(id));
  }
}

async function openManifests({ findings }: SnapshotCheckParts, blocks: BlockStore, ids: readonly string[], known: Known): Promise<ReadonlyMap<string, Manifest>> {
  const whole = new Map<string, Manifest>();
  for (const id of ids) {
    if (!isKnown(known, id)) {
      await findings.addRepairable(id, "has a manifest, but there is no such snapshot", "the manifest was removed", () => blocks.removeSnapshot(id));
      continue;
    }
    try {
      const manifest = await blocks.openManifest(id);
      if (manifest !== undefined) whole.set(id, manifest);
    } catch (thrown) {
      if (!(thrown instanceof CorruptManifestError)) throw thrown;
      findings.add(id, "its manifest is damaged: what it is made of is not known any more; no blocks of the region are removed while it is there");
    }
  }
  return whole;
}

async function checkMissing({ store, findings }: SnapshotCheckParts, blocks: BlockStore, region: string, { rows }: Known): Promise<void> {
  const present = new Set(await blocks.listSnapshots());
  for (const { id, observed_state: state, want } of rows.values()) {
    if (state !== "completed" || want === "absent" || present.has(id)) continue;
    const reason = `Its manifest was not in the store of ${region}`;
    const fail = () =>
      store.write((tx) => tx.db.updateTable("snapshots").set({ observed_state: "failed", observed_reason: reason }).where("id", "=", id).where("want", "=", "present").execute());
    await findings.addRepairable(id, "is completed, but has no manifest", "it was marked as failed", fail);
  }
}

/** Every block once, however many snapshots have it. */
async function verifyBlocks({ store, findings }: SnapshotCheckParts, blocks: BlockStore, manifests: ReadonlyMap<string, Manifest>, { rows }: Known): Promise<number> {
  const verified = new Set<string>();
  for (const [id, manifest] of manifests) {
    const row = rows.get(id);
    if (row === undefined) continue;
    const key = await store.read((tx) => readSnapshotKey(tx, row));
    const fresh = [...manifest].filter(({ digest }) => !verified.has(`${manifest.keyName} ${digest}`)).values();
    const reader = async (): Promise<void> => {
      for (const { index, digest } of fresh) {
        verified.add(`${manifest.keyName} ${digest}`);
        await blocks.get(digest, key).catch((thrown: unknown) => findings.add(digest, `${errorChain(thrown)}; it is block ${index} of ${id}`));
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, reader));
  }
  return verified.size;
}

async function checkUnnamed({ findings, clock }: SnapshotCheckParts, blocks: BlockStore, region: string): Promise<void> {
  let count = 0;
  try {
    for await (const { named } of blocks.listBlocks()) if (!named) count++;
  } catch (thrown) {
    if (thrown instanceof CorruptManifestError) return; // a finding already: which blocks it names cannot be known
    throw thrown;
  }
  if (count > 0) await findings.addRepairable(region, `has ${count} blocks that no snapshot names`, "they were removed", () => blocks.sweep(clock.now()));
}
