/** Whose a volume is and who holds it: `volume show` as the control plane answers it. Where its bytes are its storage node knows. */
import { toAttachmentState } from "../../compute/attachment-state.ts";
import { listAttachments } from "../../storage/volume-attachment.ts";
import { toVolumeState } from "../../storage/volume.ts";
import type { VolumeRow } from "../../store/storage-tables.ts";
import type { Tx } from "../../store/store.ts";

export interface VolumeRecord {
  readonly id: string;
  readonly account: string;
  readonly zone: string;
  readonly storageNode: string;
  readonly sizeGib: number;
  readonly type: string;
  readonly encrypted: boolean;
  readonly state: string;
  /** The snapshot that it began as. */
  readonly snapshot?: string;
  readonly heldBy: readonly VolumeHolder[];
}

export interface VolumeHolder {
  readonly instance: string;
  readonly device: string;
  readonly state: string;
  /** Of the instance; absent while it is on none. */
  readonly host?: string;
}

export async function showVolume(tx: Tx, id: string): Promise<VolumeRecord | undefined> {
  const row = await tx.db.selectFrom("volumes").selectAll().where("id", "=", id as VolumeRow["id"]).executeTakeFirst(); // any text may be asked for
  if (row === undefined) return undefined;
  const heldBy = await listHolders(tx, row);
  return {
    id,
    account: row.account,
    zone: row.zone,
    storageNode: row.storage_node,
    sizeGib: row.size_gib,
    type: row.type,
    encrypted: row.encrypted === 1,
    state: toVolumeState(row, heldBy.length > 0),
    ...(row.snapshot_id === null ? {} : { snapshot: row.snapshot_id }),
    heldBy,
  };
}

async function listHolders(tx: Tx, volume: VolumeRow): Promise<VolumeHolder[]> {
  const attachments = await listAttachments(tx, { volume: volume.id });
  const instances = attachments.length === 0 ? [] : await tx.db.selectFrom("instances").selectAll().where("id", "in", attachments.map((each) => each.instance_id)).execute();
  return attachments.flatMap((attachment) => {
    const instance = instances.find(({ id }) => id === attachment.instance_id);
    if (instance === undefined) return [];
    return { instance: instance.id, device: attachment.device, state: toAttachmentState(attachment, instance), ...(instance.host_id === null ? {} : { host: instance.host_id }) };
  });
}
