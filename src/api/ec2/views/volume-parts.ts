/** What the views of volumes need beside the volumes' own rows, in a handful of queries however many volumes there are. */
import type { Volume } from "@aws-sdk/client-ec2";
import { toAttachmentState } from "../../../compute/attachment-state.ts";
import type { Owner } from "../../../compute/owned-rows.ts";
import { listTags, listTagsOfType } from "../../../compute/tags.ts";
import type { Tx } from "../../../store/store.ts";
import type { VolumeRow } from "../../../store/storage-tables.ts";
import { toVolumeView, type ViewedAttachment } from "./volume-view.ts";

/** Up to so many volumes are looked up by id; for more, all rows of their account and region are read. */
const byIdLimit = 20;

/** The views of the owner's volumes. */
export async function viewVolumes(tx: Tx, owner: Owner, rows: readonly VolumeRow[]): Promise<Volume[]> {
  if (rows.length === 0) return [];
  const ids = rows.length <= byIdLimit ? rows.map((row) => row.id) : undefined;
  const attachments = Map.groupBy(await readAttachments(tx, owner, ids), ({ row }) => row.volume_id);
  const tags = ids === undefined ? await listTagsOfType(tx, owner, "volume") : await listTags(tx, ids);
  return rows.map((row) => toVolumeView(row, attachments.get(row.id) ?? [], tags.get(row.id)));
}

async function readAttachments(tx: Tx, { account, region }: Owner, ids: readonly VolumeRow["id"][] | undefined): Promise<ViewedAttachment[]> {
  const all = tx.db.selectFrom("volume_attachments").selectAll("volume_attachments").orderBy("volume_attachments.instance_id");
  const mine = all.innerJoin("volumes", "volumes.id", "volume_attachments.volume_id").where("volumes.account", "=", account).where("volumes.region", "=", region);
  const rows = await (ids === undefined ? mine : all.where("volume_attachments.volume_id", "in", ids)).execute();
  if (rows.length === 0) return [];
  const instances = tx.db.selectFrom("instances").select(["id", "want", "run", "host_id", "terminated_at", "observed_run", "observed_state", "launched_at", "image_task", "recovering_since"]);
  const holders = await (ids === undefined
    ? instances.where("account", "=", account).where("region", "=", region)
    : instances.where("id", "in", [...new Set(rows.map((row) => row.instance_id))])
  ).execute();
  const byId = new Map(holders.map((holder) => [holder.id, holder]));
  return rows.flatMap((row) => {
    const holder = byId.get(row.instance_id);
    return holder === undefined ? [] : [{ row, state: toAttachmentState(row, holder) }];
  });
}
