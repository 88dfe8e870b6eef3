import { type ApiError, invalidParameterCombination, invalidParameterValue, notFound, unsupportedRequest } from "../../base/api-error.ts";
import { inTurn } from "../in-turn.ts";
import { requireInstances } from "../../compute/instance.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { listTags, parseTagSpecifications, parseTags, putTags, type Tag } from "../../compute/tags.ts";
import { requireSnapshotable, requireSnapshotDescription, snapshotVolumes } from "../../storage/snapshot-creation.ts";
import { listAttachedVolumes, type AttachedVolume } from "../../storage/volume-attachment.ts";
import type { VolumeRow } from "../../store/storage-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { awaitMoment } from "./settle-snapshots.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toSnapshotInfo } from "./views/snapshot-view.ts";

type Input = ActionInput<"ec2", "CreateSnapshots">;

const mostExcluded = 40;
const mostVolumes = 128;

/** Takes snapshots of an instance's volumes, all of one moment. */
export const CreateSnapshots = defineAction({
  name: "CreateSnapshots",
  supported: "whole; no Outposts or Local Zones",
  load: async ({ input, caller, tx, now }) => {
    if (input.OutpostArn !== undefined || input.Location === "local") throw unsupportedRequest("There are no Outposts or Local Zones in this installation.");
    const asked = parseTagSpecifications(input.TagSpecifications, ["snapshot"]).get("snapshot") ?? [];
    const description = requireSnapshotDescription(input.Description);
    const instances = await requireInstances(tx, caller, [input.InstanceSpecification.InstanceId ?? ""]);
    const attached = (await inTurn(instances, (instance) => listAttachedVolumes(tx, instance.id))).flat();
    const volumes = chooseVolumes(attached, input);
    if (new Set(volumes.map((volume) => volume.storage_node)).size > 1) throw noCommonMoment();
    await requireSnapshotable(tx, volumes, now);
    return { instances, volumes, description, tags: await tagsOfEach(tx, volumes, asked, input.CopyTagsFromSource) };
  },
  authorize: ({ instances, volumes, tags }, { caller }) => {
    const snapshots = ec2Arn(caller, "snapshot", "*");
    const parents = volumes.map((volume) => ec2Arn(caller, "volume", volume.id));
    const touched = [...instances.map((instance) => ec2Arn(caller, "instance", instance.id)), ...parents];
    const made = parents.map((parent) => ({ action: "ec2:CreateSnapshots", resource: snapshots, conditions: { "ec2:ParentVolume": parent } }));
    return [...touched.map((resource) => ({ action: "ec2:CreateSnapshots", resource })), ...made, ...createTagsGrants(tags.flat(), [snapshots])];
  },
  apply: async ({ volumes, description, tags }, { caller, tx, random, now }) => {
    const rows = await snapshotVolumes(tx, volumes, { description }, random, now);
    for (const [index, { id }] of rows.entries()) {
      await putTags(tx, { id, type: "snapshot", account: caller.account, region: caller.region }, tags[index] ?? []);
    }
    return { Snapshots: rows.map((row, index) => toSnapshotInfo(row, tags[index] ?? [])) };
  },
  settle: ({ Snapshots: snapshots = [] }, settling) => awaitMoment(settling, snapshots.map((snapshot) => snapshot.SnapshotId)),
});

/** An account's volumes are on several storage nodes of a zone only when one has had no room for more. */
function noCommonMoment(): ApiError {
  return unsupportedRequest("The instance's volumes are on several storage nodes, which cannot take snapshots of one moment. Use CreateSnapshot for each volume, or leave some out.");
}

/** All but those that the request leaves out. Fails when nothing is left, or when it leaves out what is no data volume of the instance. */
function chooseVolumes(attached: readonly AttachedVolume[], { InstanceSpecification: which }: Input): VolumeRow[] {
  const excluded = which.ExcludeDataVolumeIds ?? [];
  if (excluded.length > mostExcluded) throw invalidParameterValue(`At most ${mostExcluded} data volumes can be excluded.`);
  requireWellFormed("volume", excluded);
  const unknown = excluded.filter((id) => attached.every(({ volume }) => volume.id !== id));
  if (unknown.length > 0) throw notFound("volume", unknown);
  const root = attached.find(({ attachment }) => attachment.root === 1);
  if (root !== undefined && excluded.includes(root.volume.id)) {
    throw invalidParameterCombination(`The volume '${root.volume.id}' is the root volume. Use ExcludeBootVolume to exclude it.`);
  }
  const chosen = attached.filter(({ volume, attachment }) => !excluded.includes(volume.id) && !(which.ExcludeBootVolume === true && attachment.root === 1));
  if (attached.length === 0) throw invalidParameterCombination("The instance has no volumes.");
  if (chosen.length === 0) throw invalidParameterCombination("The request excludes all volumes of the instance.");
  if (chosen.length > mostVolumes) throw invalidParameterValue(`Snapshots of at most ${mostVolumes} volumes can be created in one call.`);
  return chosen.map(({ volume }) => volume);
}

/** The tags of the request, over those of its volume where they are copied. */
async function tagsOfEach(tx: Tx, volumes: readonly VolumeRow[], asked: readonly Tag[], copyFrom: string | undefined): Promise<(readonly Tag[])[]> {
  if (copyFrom === undefined) return volumes.map(() => asked);
  if (copyFrom !== "volume") throw invalidParameterValue(`Value (${copyFrom}) for parameter copyTagsFromSource is invalid. Valid values are volume.`);
  const present = await listTags(tx, volumes.map((volume) => volume.id));
  return volumes.map(({ id }) => {
    const merged = new Map([...(present.get(id) ?? []).filter(({ key }) => !key.startsWith("aws:")), ...asked].map(({ key, value }) => [key, value]));
    return parseTags(Array.from(merged, ([Key, Value]) => ({ Key, Value })));
  });
}
