/** The manifest of a snapshot whose row says that it is complete. */
import type { Manifest } from "../../block-store/block-store.ts";
import type { SnapshotData } from "../../storage/snapshot-data.ts";

export async function requireManifest(snapshots: SnapshotData, region: string, id: string): Promise<Manifest> {
  const manifest = await snapshots.findManifest(region, id);
  if (manifest === undefined) throw new Error(`the manifest of ${id} is not in the store of ${region}`);
  return manifest;
}
