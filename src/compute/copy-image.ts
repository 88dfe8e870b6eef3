/** CopyImage: an image of copies of another's snapshots, in the region that is called (facts §4.9). It is pending until they are completed. */
import type { CopyImageCommandInput } from "@aws-sdk/client-ec2";
import { imageNotInState, unsupportedRequest } from "../base/api-error.ts";
import type { ImageId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { copySnapshot, planCopy, requireCopyRoom, requireSourceRegion, type CopyPlan } from "../storage/snapshot-copies.ts";
import { requireSnapshotRoom } from "../storage/snapshot-creation.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { imageBlockDevices } from "./block-device-mapping.ts";
import { requireVisibleImage } from "./image.ts";
import { imageOptions } from "./image-options.ts";
import { insertImage, newImageId, requireImageDescription, requireImageName, withSnapshots, type ImagePlan } from "./image-row.ts";
import { imageRootType } from "./instance-store.ts";
import type { Owner } from "./owned-rows.ts";

export interface ImageCopyPlan {
  readonly source: ImageRow;
  readonly sourceRegion: string;
  readonly image: ImagePlan;
  /** Of its snapshots, by device. */
  readonly copies: ReadonlyMap<string, CopyPlan>;
}

export async function planImageCopy(tx: Tx, owner: Owner, input: CopyImageCommandInput): Promise<ImageCopyPlan> {
  const sourceRegion = requireSourceRegion(input.SourceRegion ?? "");
  const source = await requireVisibleImage(tx, { account: owner.account, region: sourceRegion }, input.SourceImageId ?? "");
  if (source.state !== "available") throw imageNotInState(source.id, source.state, "available");
  if (imageRootType(source) === "instance-store") throw unsupportedRequest(`The image '${source.id}' does not have an 'ebs' root device type and cannot be copied.`);
  const destination = { account: owner.account, region: owner.region };
  const devices = imageBlockDevices(source);
  const copies = new Map<string, CopyPlan>();
  for (const { device, snapshotId } of devices) {
    if (snapshotId === null) continue;
    // Whoever may launch an image may copy it, also where its snapshots are its owner's alone.
    const reader = { account: source.account, region: sourceRegion };
    copies.set(device, await planCopy(tx, destination, reader, snapshotId, { encrypted: input.Encrypted, kmsKey: input.KmsKeyId }));
  }
  await requireCopyRoom(tx, destination, copies.size);
  await requireSnapshotRoom(tx, destination, copies.size);
  const image: ImagePlan = {
    owner: destination,
    name: await requireImageName(tx, destination, input.Name ?? ""),
    description: requireImageDescription(input.Description),
    architecture: source.architecture,
    virtualization: source.virtualization_type,
    rootDevice: source.root_device_name,
    kernelId: source.kernel_id,
    options: imageOptions(source),
    devices: devices.map((device) => ({ ...device, encrypted: copies.get(device.device)?.encrypted ?? device.encrypted })),
    source: { source_image_id: source.id as ImageId, source_region: sourceRegion }, // a machine image's
  };
  return { source, sourceRegion, image, copies };
}

export interface CopiedImage {
  readonly image: ImageRow;
  readonly snapshots: readonly SnapshotRow[];
}

export async function copyImage(tx: Tx, plan: ImageCopyPlan, random: Random, now: number): Promise<CopiedImage> {
  const id = newImageId(random);
  const snapshots = new Map<string, SnapshotRow>();
  for (const [device, copy] of plan.copies) {
    const description = `Copied for DestinationAmi ${id} from SourceAmi ${plan.source.id} for SourceSnapshot ${copy.source.id}.`;
    snapshots.set(device, await copySnapshot(tx, copy, { description, imageId: id }, random, now));
  }
  const devices = withSnapshots(plan.image.devices, new Map(Array.from(snapshots, ([device, { id: snapshot }]) => [device, snapshot])));
  const image = await insertImage(tx, id, { ...plan.image, devices }, "pending", now);
  await wake(tx, { kind: "image-task", key: id }, now);
  return { image, snapshots: [...snapshots.values()] };
}
