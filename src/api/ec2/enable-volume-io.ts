import { volumeNotInState } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { toVolumeState } from "../../storage/volume.ts";
import { wake } from "../../store/due.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Lets a volume's I/O go on after an impairment. */
export const EnableVolumeIO = defineAction({
  name: "EnableVolumeIO",
  supported: "whole; I/O always goes on by itself when the cause is gone",
  load: async ({ input, caller, tx }) => {
    const volumes = await ownedRows(tx, "volumes", caller, [input.VolumeId]);
    for (const volume of volumes) if (toVolumeState(volume, false) !== "available") throw volumeNotInState(volume.id, "available' or 'in-use");
    return volumes;
  },
  authorize: (volumes, { caller }) => volumes.map(({ id }) => ({ action: "ec2:EnableVolumeIO", resource: ec2Arn(caller, "volume", id) })),
  apply: async (volumes, { tx, now }) => {
    await inTurn(volumes, (volume) => wake(tx, { kind: "volume", key: volume.id }, now));
    return {};
  },
});
