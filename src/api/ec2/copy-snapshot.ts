import { invalidValueOf, unsupportedRequest } from "../../base/api-error.ts";
import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import { copySnapshot, planCopy, requireCopyRoom, requireSourceRegion } from "../../storage/snapshot-copies.ts";
import { requireSnapshotDescription, requireSnapshotRoom } from "../../storage/snapshot-creation.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toTagViews } from "./views/tag-view.ts";

/** Copies a snapshot into the region that is called; only blocks that it does not have move. */
export const CopySnapshot = defineAction({
  name: "CopySnapshot",
  supported: "whole; no Outposts or Local Zones; time-based copies are not slowed down",
  load: async ({ input, caller, tx }) => {
    if (input.DestinationOutpostArn !== undefined || input.DestinationAvailabilityZone !== undefined) {
      throw unsupportedRequest("There are no Outposts or Local Zones in this installation.");
    }
    requireCompletionDuration(input.CompletionDurationMinutes);
    const tags = parseTagSpecifications(input.TagSpecifications, ["snapshot"]).get("snapshot") ?? [];
    const description = requireSnapshotDescription(input.Description);
    const reader = { account: caller.account, region: requireSourceRegion(input.SourceRegion) };
    const owner = { account: caller.account, region: caller.region };
    const plan = await planCopy(tx, owner, reader, input.SourceSnapshotId, { encrypted: input.Encrypted, kmsKey: input.KmsKeyId });
    await requireCopyRoom(tx, owner, 1);
    await requireSnapshotRoom(tx, owner, 1);
    return { plan, description, tags };
  },
  authorize: ({ plan, tags }, { caller }) => {
    const copies = ec2Arn(caller, "snapshot", "*");
    const source = ec2Arn({ ...caller, region: plan.sourceRegion }, "snapshot", plan.source.id);
    return [...[source, copies].map((resource) => ({ action: "ec2:CopySnapshot", resource })), ...createTagsGrants(tags, [copies])];
  },
  apply: async ({ plan, description, tags }, { caller, tx, random, now }) => {
    const { id } = await copySnapshot(tx, plan, { description }, random, now);
    await putTags(tx, { id, type: "snapshot", account: caller.account, region: caller.region }, tags);
    return { SnapshotId: id, Tags: toTagViews(tags) };
  },
});

/** Of a time-based copy: quarters of an hour, up to two days. */
function requireCompletionDuration(minutes: number | undefined): void {
  if (minutes === undefined || (minutes >= 15 && minutes <= 2880 && minutes % 15 === 0)) return;
  throw invalidValueOf("completionDurationMinutes", minutes, "Expecting a multiple of 15 between 15 and 2880.");
}
