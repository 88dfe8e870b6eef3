/**
 * Volumes: publishes each to its zone's storage node with what it is made from, how fast it may be, the exports that its attachments may use and the snapshots
 * that are to be taken; sees changes and forced detachments through; and forgets volumes that are gone. A volume whose snapshots are not stored yet stays for them.
 */
import type { VolumeSource, VolumeSpecification } from "../host/protocol/specification.ts";
import { removeAllTags } from "../compute/tags.ts";
import { findKey, snapshotKeyOf, volumeKeyOf } from "../storage/kms-key.ts";
import { findSnapshot, listSnapshotOrders } from "../storage/snapshot.ts";
import { exportNameOf, listAttachments, removeAttachment } from "../storage/volume-attachment.ts";
import { decideModification, findLatestModification, recordModification } from "../storage/volume-modification.ts";
import { toVolumeLimits } from "../storage/volume-type.ts";
import { wake } from "../store/due.ts";
import { prepare } from "../store/prepared.ts";
import type { SnapshotRow, VolumeAttachmentRow, VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import type { Reconciler, Verdict } from "./loop.ts";
import { publish, withdraw } from "./publish.ts";

export const volumeReconciler: Reconciler = {
  kind: "volume",
  scan: async (tx) => (await tx.db.selectFrom("volumes").select("id").execute()).map((row) => row.id),
  reconcile: async (tx, key, now) => {
    const [volume] = await selectVolume(tx, { id: key as VolumeRow["id"] }); // keys are ids
    if (volume === undefined) return { again: undefined };
    const attachments = await listAttachments(tx, { volume: volume.id });
    const specification = await toVolumeSpecification(tx, volume, attachments);
    const generation = await publish(tx, volume.storage_node, specification);
    if (volume.observed_generation < generation) return { again: undefined };
    if (specification.want === "absent" && volume.observed_state === "absent") return forget(tx, volume);
    const released = await releaseForced(tx, volume, attachments, now);
    return (await followModification(tx, volume, attachments, generation, now)) || released ? { again: now } : { again: undefined };
  },
};

const selectVolume = prepare((db, { id }: Pick<VolumeRow, "id">) => db.selectFrom("volumes").selectAll().where("id", "=", id));

async function toVolumeSpecification(tx: Tx, volume: VolumeRow, attachments: readonly VolumeAttachmentRow[]): Promise<VolumeSpecification> {
  const snapshots = await listSnapshotOrders(tx, volume.id);
  const stays = volume.want === "present" || (snapshots.length > 0 && volume.observed_state !== "failed");
  return {
    kind: "volume",
    id: volume.id,
    generation: 0,
    want: stays ? "present" : "absent",
    sizeGib: volume.size_gib,
    ...(await sourceField(tx, volume)),
    ...(volume.initialization_rate === null ? {} : { initializeBytesPerSecond: volume.initialization_rate * 2 ** 20 }),
    port: volume.port,
    exportNames: attachments.filter((attachment) => !isForced(attachment)).map(exportNameOf),
    limits: toVolumeLimits(volume),
    ...(volume.kms_key_id === null ? {} : { encryptionKey: volumeKeyOf(await findKey(tx, volume.kms_key_id), volume.id) }),
    snapshots,
  };
}

/** A snapshot whose row is gone is not needed any more: it stays for as long as blocks of it are missing here. */
async function sourceField(tx: Tx, { source_file: file, snapshot_id: id }: VolumeRow): Promise<{ readonly source?: VolumeSource }> {
  if (file !== null) return { source: { kind: "file", file } };
  const snapshot = id === null ? undefined : await findSnapshot(tx, id as SnapshotRow["id"]); // written from a snapshot's row
  if (snapshot === undefined) return {};
  const key = snapshot.kms_key_id === null ? {} : { encryptionKey: snapshotKeyOf(await findKey(tx, snapshot.kms_key_id)) };
  return { source: { kind: "snapshot", id: snapshot.id, region: snapshot.region, ...key } };
}

/** Its export is withdrawn before the guest has given it back. */
function isForced({ want, force }: VolumeAttachmentRow): boolean {
  return want === "detached" && force === 1;
}

/** The storage node has ended the exports of forced detachments: the volume is free, whatever the guests' hosts say. */
async function releaseForced(tx: Tx, volume: VolumeRow, attachments: readonly VolumeAttachmentRow[], now: number): Promise<boolean> {
  if (volume.observed_state !== "available") return false;
  const forced = attachments.filter(isForced);
  for (const attachment of forced) await removeAttachment(tx, attachment, now);
  return forced.length > 0;
}

/** Returns whether there was something new; the machines that hold the volume then hear of its size. */
async function followModification(tx: Tx, volume: VolumeRow, attachments: readonly VolumeAttachmentRow[], generation: number, now: number): Promise<boolean> {
  const latest = await findLatestModification(tx, volume.id);
  const next = latest && decideModification(latest, volume, generation, now);
  if (next === undefined) return false;
  await recordModification(tx, next);
  for (const { instance_id: instance } of attachments) await wake(tx, { kind: "instance", key: instance }, now);
  return true;
}

async function forget(tx: Tx, volume: VolumeRow): Promise<Verdict> {
  await withdraw(tx, volume.storage_node, "volume", volume.id);
  await tx.db.deleteFrom("volume_modifications").where("volume_id", "=", volume.id).execute();
  await tx.db.deleteFrom("volumes").where("id", "=", volume.id).execute();
  await removeAllTags(tx, volume.id);
  return { again: undefined };
}
