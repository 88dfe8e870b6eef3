import { ownedRows } from "../../compute/owned-rows.ts";
import { listAttachments } from "../../storage/volume-attachment.ts";
import { planModification, startModification } from "../../storage/volume-modification.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { toModificationView } from "./views/volume-view.ts";

/** Asks for another size, type or speed of a volume, while guests use it. */
export const ModifyVolume = defineAction({
  name: "ModifyVolume",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => {
    const volumes = await ownedRows(tx, "volumes", caller, [input.VolumeId]);
    const { Size: sizeGib, VolumeType: type, Iops: iops, Throughput: throughput, MultiAttachEnabled: multiAttach } = input;
    return inTurn(volumes, async (volume) => {
      const attachments = await listAttachments(tx, { volume: volume.id });
      return { volume, target: await planModification(tx, volume, attachments, { sizeGib, type, iops, throughput, multiAttach }, now) };
    });
  },
  authorize: (changes, { caller }) => changes.map(({ volume }) => ({ action: "ec2:ModifyVolume", resource: ec2Arn(caller, "volume", volume.id) })),
  apply: async (changes, { tx, random, now }) => {
    const [VolumeModification] = await inTurn(changes, async ({ volume, target }) => toModificationView(await startModification(tx, volume, target, random, now), volume));
    return VolumeModification === undefined ? {} : { VolumeModification };
  },
});
