import { volumeInUse, volumeNotInState } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listAttachments } from "../../storage/volume-attachment.ts";
import { deleteVolume, toVolumeState } from "../../storage/volume.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Marks a volume that nobody holds for removal; snapshots of it that are under way are finished before. */
export const DeleteVolume = defineAction({
  name: "DeleteVolume",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const volumes = await ownedRows(tx, "volumes", caller, [input.VolumeId]);
    for (const volume of volumes) {
      const [holder] = await listAttachments(tx, { volume: volume.id });
      if (holder !== undefined) throw volumeInUse(volume.id, holder.instance_id);
      const state = toVolumeState(volume, false);
      if (state !== "available" && state !== "error") throw volumeNotInState(volume.id, "available");
    }
    return volumes;
  },
  authorize: (volumes, { caller }) => volumes.map(({ id }) => ({ action: "ec2:DeleteVolume", resource: ec2Arn(caller, "volume", id) })),
  apply: async (volumes, { tx, now }) => {
    await inTurn(volumes, (volume) => deleteVolume(tx, volume, now));
    return {};
  },
});
