import type { ImageId } from "../../base/ids.ts";
import { createImage, planCreation } from "../../compute/create-image.ts";
import { requireInstances } from "../../compute/instance.ts";
import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import type { Tx } from "../../store/store.ts";
import { inTurn } from "../in-turn.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { awaitMoment } from "./settle-snapshots.ts";
import { createTagsGrants } from "./tag-grants.ts";

/** Makes an image of an instance, of all its volumes at one moment; unless told otherwise the guest goes down for it and comes back. */
export const CreateImage = defineAction({
  name: "CreateImage",
  supported: "whole; no Outposts or Local Zones, no other boot mode than the instance's",
  load: async ({ input, caller, tx, now }) => {
    const tags = parseTagSpecifications(input.TagSpecifications, ["image", "snapshot"]);
    const instances = await requireInstances(tx, caller, [input.InstanceId]);
    return { plans: await inTurn(instances, (instance) => planCreation(tx, instance, input, now)), tags };
  },
  authorize: ({ plans, tags }, { caller }) => {
    const [image, snapshot] = [ec2Arn(caller, "image", "*"), ec2Arn(caller, "snapshot", "*")];
    const touched = [...plans.map((plan) => ec2Arn(caller, "instance", plan.instance.id)), image, snapshot];
    return [
      ...touched.map((resource) => ({ action: "ec2:CreateImage", resource })),
      ...createTagsGrants(tags.get("image") ?? [], [image]),
      ...createTagsGrants(tags.get("snapshot") ?? [], [snapshot]),
    ];
  },
  apply: async ({ plans, tags }, { caller, tx, random, now }) => {
    const owner = { account: caller.account, region: caller.region };
    const created = await inTurn(plans, (plan) => createImage(tx, plan, random, now));
    for (const { image, snapshots } of created) {
      await putTags(tx, { id: image.id, type: "image", ...owner }, tags.get("image") ?? []);
      for (const { id } of snapshots) await putTags(tx, { id, type: "snapshot", ...owner }, tags.get("snapshot") ?? []);
    }
    return { ImageId: created[0]?.image.id };
  },
  settle: async ({ ImageId: id }, settling) => {
    // the action's own answer
    const ids = await settling.store.read((tx) => listAwaited(tx, id as ImageId));
    await awaitMoment(settling, ids);
  },
});

/** The snapshots whose moment is the call's: none where the guest goes down first. */
async function listAwaited(tx: Tx, imageId: ImageId): Promise<string[]> {
  const task = await tx.db.selectFrom("image_tasks").select("no_reboot").where("image_id", "=", imageId).executeTakeFirst();
  if (task?.no_reboot !== 1) return [];
  return (await tx.db.selectFrom("snapshots").select("id").where("image_id", "=", imageId).execute()).map((row) => row.id);
}
