import { unsupportedRequest } from "../../base/api-error.ts";
import { copyImage, planImageCopy } from "../../compute/copy-image.ts";
import { listTags, parseTags, parseTagSpecifications, putTags, type Tag } from "../../compute/tags.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";

/** Copies an image and its snapshots into the region that is called. */
export const CopyImage = defineAction({
  name: "CopyImage",
  supported: "whole; no Outposts or Local Zones; time-based copies are not slowed down",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    if (input.DestinationOutpostArn !== undefined || input.DestinationAvailabilityZone !== undefined || input.DestinationAvailabilityZoneId !== undefined) {
      throw unsupportedRequest("There are no Outposts or Local Zones in this installation.");
    }
    const tags = parseTagSpecifications(input.TagSpecifications, ["image", "snapshot"]);
    const plan = await planImageCopy(tx, caller, input);
    const inherits = input.CopyImageTags === true && plan.source.account === caller.account;
    const inherited = inherits ? ((await listTags(tx, [plan.source.id])).get(plan.source.id) ?? []) : [];
    return { plan, imageTags: mergeTags(inherited, tags.get("image") ?? []), snapshotTags: tags.get("snapshot") ?? [] };
  },
  authorize: ({ plan, imageTags, snapshotTags }, { caller }) => {
    const [image, snapshot] = [ec2Arn(caller, "image", "*"), ec2Arn(caller, "snapshot", "*")];
    const source = ec2Arn({ ...caller, region: plan.sourceRegion }, "image", plan.source.id);
    return [
      ...[source, image].map((resource) => ({ action: "ec2:CopyImage", resource })),
      ...createTagsGrants(imageTags, [image]),
      ...createTagsGrants(snapshotTags, [snapshot]),
    ];
  },
  apply: async ({ plan, imageTags, snapshotTags }, { caller, tx, random, now }) => {
    const owner = { account: caller.account, region: caller.region };
    const { image, snapshots } = await copyImage(tx, plan, random, now);
    await putTags(tx, { id: image.id, type: "image", ...owner }, imageTags);
    for (const { id } of snapshots) await putTags(tx, { id, type: "snapshot", ...owner }, snapshotTags);
    return { ImageId: image.id };
  },
});

/** The request's tags stand over those of the source. */
function mergeTags(inherited: readonly Tag[], asked: readonly Tag[]): Tag[] {
  const merged = new Map([...inherited, ...asked].map(({ key, value }) => [key, value]));
  return parseTags(Array.from(merged, ([Key, Value]) => ({ Key, Value })));
}
