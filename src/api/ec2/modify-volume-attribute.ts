import { missingParameter } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { setAutoEnableIo } from "../../storage/volume.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Says whether I/O goes on by itself after an impairment. Here it always does; the answer is remembered. */
export const ModifyVolumeAttribute = defineAction({
  name: "ModifyVolumeAttribute",
  supported: "whole; I/O always goes on by itself when the cause is gone",
  load: async ({ input, caller, tx }) => {
    const volumes = await ownedRows(tx, "volumes", caller, [input.VolumeId]);
    const enable = input.AutoEnableIO?.Value;
    if (enable === undefined) throw missingParameter("autoEnableIO");
    return { volumes, enable };
  },
  authorize: ({ volumes }, { caller }) => volumes.map(({ id }) => ({ action: "ec2:ModifyVolumeAttribute", resource: ec2Arn(caller, "volume", id) })),
  apply: async ({ volumes, enable }, { tx }) => {
    await inTurn(volumes, (volume) => setAutoEnableIo(tx, volume, enable));
    return {};
  },
});
