/** What an image's disks are made of: one entry a device, as `images.block_device_mappings` keeps them (facts §4.10). */
import type { SnapshotId } from "../base/ids.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import { imageRootType } from "./instance-store.ts";

/** What is null was left open by whoever made the image; a launch then takes the snapshot's or EC2's default. */
export interface ImageBlockDevice {
  readonly device: string;
  readonly snapshotId: SnapshotId | null;
  readonly sizeGib: number | null;
  readonly volumeType: string | null;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly encrypted: boolean | null;
  readonly deleteOnTermination: boolean | null;
  /** `ephemeral0`, …: a local disk, not a volume. */
  readonly virtualName: string | null;
  /** The device stays empty. */
  readonly noDevice: boolean;
}

/** A device of which nothing is said. */
export const openBlockDevice: Omit<ImageBlockDevice, "device"> = {
  snapshotId: null,
  sizeGib: null,
  volumeType: null,
  iops: null,
  throughput: null,
  encrypted: null,
  deleteOnTermination: null,
  virtualName: null,
  noDevice: false,
};

/** All of the image's devices, its root first. An image that the installation brings along has just its root, described by its own columns; none when that is local. */
export function imageBlockDevices(image: ImageRow): ImageBlockDevice[] {
  const listed = JSON.parse(image.block_device_mappings) as ImageBlockDevice[]; // written by image registration and the image actions
  if (listed.length === 0 && image.image_type === "machine" && imageRootType(image) === "ebs") return [builtinRoot(image)];
  const isRoot = ({ device }: ImageBlockDevice): boolean => device === image.root_device_name;
  return [...listed.filter(isRoot), ...listed.filter((device) => !isRoot(device))];
}

function builtinRoot(image: ImageRow): ImageBlockDevice {
  return {
    ...openBlockDevice,
    device: image.root_device_name,
    snapshotId: image.snapshot_id as SnapshotId, // images with a root volume have its snapshot
    sizeGib: image.size_gib,
    volumeType: "gp3",
    iops: 3000,
    throughput: 125,
    encrypted: false,
    deleteOnTermination: true,
  };
}
