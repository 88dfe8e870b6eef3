import { insertImage, newImageId } from "../../compute/image-row.ts";
import { planRegistration } from "../../compute/register-image.ts";
import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";

/** Makes an image of snapshots that are there; it can be launched at once. */
export const RegisterImage = defineAction({
  name: "RegisterImage",
  supported: "images of snapshots; no buckets, billing products, RAM disks, virtual TPMs or UEFI variables",
  load: async ({ input, caller, tx }) => ({
    plan: await planRegistration(tx, caller, input),
    tags: parseTagSpecifications(input.TagSpecifications, ["image"]).get("image") ?? [],
  }),
  authorize: ({ plan, tags }, { caller }) => {
    const image = ec2Arn(caller, "image", "*");
    const touched = [image, ...plan.devices.flatMap(({ snapshotId }) => (snapshotId === null ? [] : [ec2Arn(caller, "snapshot", snapshotId)]))];
    return [...touched.map((resource) => ({ action: "ec2:RegisterImage", resource })), ...createTagsGrants(tags, [image])];
  },
  apply: async ({ plan, tags }, { caller, tx, random, now }) => {
    const { id } = await insertImage(tx, newImageId(random), plan, "available", now);
    await putTags(tx, { id, type: "image", account: caller.account, region: caller.region }, tags);
    return { ImageId: id };
  },
});
