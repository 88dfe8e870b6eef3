import { unsupportedRequest } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import { requireSnapshotable, requireSnapshotDescription, snapshotVolumes } from "../../storage/snapshot-creation.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { awaitMoment } from "./settle-snapshots.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { readKeys, toSnapshotView } from "./views/snapshot-view.ts";

/** Takes a snapshot of a volume as it is at the call; its blocks are stored afterwards. */
export const CreateSnapshot = defineAction({
  name: "CreateSnapshot",
  supported: "whole; no Outposts or Local Zones",
  load: async ({ input, caller, tx, now }) => {
    if (input.OutpostArn !== undefined || input.Location === "local") throw unsupportedRequest("There are no Outposts or Local Zones in this installation.");
    const tags = parseTagSpecifications(input.TagSpecifications, ["snapshot"]).get("snapshot") ?? [];
    const description = requireSnapshotDescription(input.Description);
    const volumes = await ownedRows(tx, "volumes", caller, [input.VolumeId]);
    await requireSnapshotable(tx, volumes, now);
    return { volumes, description, tags };
  },
  authorize: ({ volumes, tags }, { caller }) => {
    const snapshots = ec2Arn(caller, "snapshot", "*");
    const parents = volumes.map((volume) => ec2Arn(caller, "volume", volume.id));
    const made = parents.map((parent) => ({ action: "ec2:CreateSnapshot", resource: snapshots, conditions: { "ec2:ParentVolume": parent } }));
    return [...parents.map((resource) => ({ action: "ec2:CreateSnapshot", resource })), ...made, ...createTagsGrants(tags, [snapshots])];
  },
  apply: async ({ volumes, description, tags }, { caller, tx, random, now }) => {
    const rows = await snapshotVolumes(tx, volumes, { description }, random, now);
    for (const { id } of rows) await putTags(tx, { id, type: "snapshot", account: caller.account, region: caller.region }, tags);
    const keys = await readKeys(tx, rows);
    return { ...rows.map((row) => toSnapshotView(row, keys, tags))[0] };
  },
  settle: ({ SnapshotId: id }, settling) => awaitMoment(settling, [id]),
});
