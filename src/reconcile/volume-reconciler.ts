/** Volumes: publishes each to its zone's storage node with the one export that its attachment may use, and forgets those that are gone. */
import type { VolumeSpecification } from "../host/protocol/specification.ts";
import { removeAllTags } from "../compute/tags.ts";
import { exportNameOf } from "../storage/volume.ts";
import type { VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import type { Reconciler } from "./loop.ts";
import { publish, withdraw } from "./publish.ts";

export const volumeReconciler: Reconciler = {
  kind: "volume",
  scan: async (tx) => (await tx.db.selectFrom("volumes").select("id").execute()).map((row) => row.id),
  reconcile: async (tx, key) => {
    const volume = await tx.db.selectFrom("volumes").selectAll().where("id", "=", key as VolumeRow["id"]).executeTakeFirst(); // keys are ids
    if (volume === undefined) return { again: undefined };
    const generation = await publish(tx, volume.storage_node, await toVolumeSpecification(tx, volume));
    const gone = volume.want === "absent" && volume.observed_state === "absent" && volume.observed_generation >= generation;
    if (gone) await forget(tx, volume);
    return { again: undefined };
  },
};

async function toVolumeSpecification(tx: Tx, volume: VolumeRow): Promise<VolumeSpecification> {
  const attachments = await tx.db.selectFrom("volume_attachments").selectAll().where("volume_id", "=", volume.id).orderBy("instance_id").execute();
  return {
    kind: "volume",
    id: volume.id,
    generation: 0,
    want: volume.want,
    sizeGib: volume.size_gib,
    ...(volume.source_file === null ? {} : { source: { kind: "file", file: volume.source_file } }),
    port: volume.port,
    exportNames: attachments.map(exportNameOf),
    limits: {},
    snapshots: [],
  };
}

async function forget(tx: Tx, volume: VolumeRow): Promise<void> {
  await withdraw(tx, volume.storage_node, "volume", volume.id);
  await tx.db.deleteFrom("volumes").where("id", "=", volume.id).execute();
  await removeAllTags(tx, volume.id);
}
