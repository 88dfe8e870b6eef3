/**
 * The images of this installation as rows: each disk image of the image folder is an AMI for every way of virtualization it can boot in, and the smallest
 * one also an AMI without a root volume. Ids follow from the name alone, so they are the same in every installation, and an image that is not built yet is
 * there as `pending`.
 */
import { createHash } from "node:crypto";
import { idPrefixes, type ResourceKind, type SnapshotId } from "../base/ids.ts";
import { everyRegion } from "../base/regions.ts";
import { everybody, newSnapshotRow } from "../storage/snapshot.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import { freshImageColumns } from "./image-row.ts";
import { imageOwnerAccount } from "./image.ts";
import type { RootDeviceType } from "./instance-store.ts";

/** A disk image as its manifest in the image folder describes it. */
export interface LocalImage {
  readonly name: string;
  readonly description: string;
  readonly architecture: ImageRow["architecture"];
  readonly virtualizations: readonly ImageRow["virtualization_type"][];
  readonly rootDevice: string;
  readonly sizeGib: number;
  /** Name in the image folder; undefined while it is not built. */
  readonly file: string | undefined;
  /** The kernel for paravirtual guests, by its name in the image folder. */
  readonly kernelFile: string | undefined;
  /** That kernel's first file system, likewise; undefined for an image of an earlier version, whose kernel had none. */
  readonly ramdiskFile: string | undefined;
  readonly createdAt: number;
}

/** The images that every installation has, built or not. */
export const builtinImages: readonly LocalImage[] = [
  builtin("tiny", "Hostelry tiny: Debian kernel, busybox, SSH and a boot script", 1),
  builtin("debian-12", "Debian 12 (bookworm) with systemd, cloud-init and OpenSSH", 2),
  { ...builtin("tiny-arm64", "Hostelry tiny, for arm64", 1), architecture: "arm64", virtualizations: ["hvm"] },
];

function builtin(name: string, description: string, sizeGib: number): LocalImage {
  return {
    name,
    description,
    architecture: "x86_64",
    virtualizations: ["hvm", "paravirtual"],
    rootDevice: "/dev/xvda",
    sizeGib,
    file: undefined,
    kernelFile: undefined,
    ramdiskFile: undefined,
    createdAt: Date.UTC(2026, 0, 1),
  };
}

/** An id that the text determines: 64 bits of its hash behind the kind's prefix. */
export function stableId(kind: ResourceKind, text: string): string {
  return `${idPrefixes[kind]}-0${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}

/** `tiny-hvm-x86_64`, and with the root on local disks `tiny-hvm-x86_64-s3`; of the local image `tiny-arm64` it is `tiny-hvm-arm64`. */
export function imageNameOf(image: Pick<LocalImage, "name" | "architecture">, virtualization: ImageRow["virtualization_type"], root: RootDeviceType = "ebs"): string {
  const name = image.architecture === "arm64" ? image.name.replace(/-arm64$/, "") : image.name;
  return `${name}-${virtualization}-${image.architecture}${root === "ebs" ? "" : "-s3"}`;
}

/** Only the smallest: each launch copies the whole image, and whoever looks for an image by a part of its name means one of a volume. */
const localRootImages = ["tiny"];

/** A kernel image has its first file system in it; there are no ramdisk images. */
interface KernelImage {
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
}

const virtioKernel: KernelImage = {
  name: "user-mode-linux-virtio-x86_64",
  description: "User-mode Linux with virtio disks, the kernel of paravirtual guests",
  createdAt: Date.UTC(2026, 1, 1),
};
/** Of earlier versions, without a first file system: their images boot it, and images made of these. */
const fileKernel: KernelImage = { name: "user-mode-linux-x86_64", description: "User-mode Linux, a kernel of paravirtual guests", createdAt: Date.UTC(2026, 0, 1) };

const idOfKernel = ({ name }: KernelImage): string => stableId("kernel", name);
const isOfEarlierVersion = (image: LocalImage): boolean => image.kernelFile !== undefined && image.ramdiskFile === undefined;

/** Brings the rows up to date with these images: new ones appear, built ones become available. Instances keep the file they began with. */
export async function registerImages(tx: Tx, images: readonly LocalImage[]): Promise<void> {
  await putImage(tx, toKernelRow(virtioKernel, images.find((image) => image.ramdiskFile !== undefined)));
  const earlier = images.find(isOfEarlierVersion);
  if (earlier !== undefined) await putImage(tx, toKernelRow(fileKernel, earlier));
  for (const image of images) {
    const kernelId = idOfKernel(isOfEarlierVersion(image) ? fileKernel : virtioKernel);
    for (const virtualization of image.virtualizations) {
      const row = toImageRow(image, virtualization, "ebs", kernelId);
      await putImage(tx, row);
      await putFileSnapshot(tx, row);
      if (localRootImages.includes(image.name)) await putImage(tx, toImageRow(image, virtualization, "instance-store", kernelId));
    }
  }
}

/** The snapshot that such an image is of: everybody may use it, and it is its file. */
async function putFileSnapshot(tx: Tx, image: ImageRow): Promise<void> {
  const state = image.file === null ? ({ observed_state: "ordered", observed_percent: 0 } as const) : ({ observed_state: "completed", observed_percent: 100 } as const); // keeps the literals
  const columns = {
    id: image.snapshot_id as SnapshotId, // made by `stableId` for a snapshot
    account: image.account,
    region: image.region,
    origin: "file",
    volume_size_gib: image.size_gib,
    description: image.description,
    source_file: image.file,
    ...state,
  } as const; // keeps the literals
  const row = { ...newSnapshotRow(columns, columns.id, image.created_at), completed_at: image.file === null ? null : image.created_at };
  await tx.db
    .insertInto("snapshots")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
    .execute();
  const permission = { snapshot_id: row.id, grantee: everybody };
  await tx.db.insertInto("snapshot_permissions").values(permission).onConflict((conflict) => conflict.doNothing()).execute();
}

async function putImage(tx: Tx, row: ImageRow): Promise<void> {
  const { id: _id, created_at: _createdAt, wanted: _wanted, ...columns } = row;
  await tx.db
    .insertInto("images")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(columns))
    .execute();
}

function toImageRow(image: LocalImage, virtualization: ImageRow["virtualization_type"], root: RootDeviceType, kernelId: string): ImageRow {
  const name = imageNameOf(image, virtualization, root);
  return {
    ...commonColumns(image.file),
    id: stableId("image", name),
    image_type: "machine",
    name,
    description: image.description,
    architecture: image.architecture,
    virtualization_type: virtualization,
    root_device_name: image.rootDevice,
    size_gib: image.sizeGib,
    snapshot_id: root === "ebs" ? stableId("snapshot", name) : "",
    kernel_id: virtualization === "paravirtual" ? kernelId : null,
    local_name: image.name,
    created_at: image.createdAt,
  };
}

function toKernelRow(kernel: KernelImage, image: LocalImage | undefined): ImageRow {
  return {
    ...commonColumns(image?.kernelFile),
    id: idOfKernel(kernel),
    ramdisk_file: image?.ramdiskFile ?? null,
    image_type: "kernel",
    name: kernel.name,
    description: kernel.description,
    architecture: "x86_64",
    virtualization_type: "paravirtual",
    root_device_name: "",
    size_gib: 0,
    snapshot_id: "",
    kernel_id: null,
    local_name: null,
    created_at: kernel.createdAt,
  };
}

type CommonColumn = keyof typeof freshImageColumns | "account" | "region" | "state" | "file" | "public" | "block_device_mappings" | "launch_options";

function commonColumns(file: string | undefined): Pick<ImageRow, CommonColumn> {
  return {
    ...freshImageColumns,
    account: imageOwnerAccount,
    region: everyRegion,
    state: file === undefined ? "pending" : "available",
    file: file ?? null,
    public: 1,
    block_device_mappings: "[]",
    launch_options: "{}",
  };
}

/** Lets code that names a fixed AMI id or a public parameter run on a local image. Fails with undefined when there is no such image. */
export async function putImageAlias(tx: Tx, alias: string, image: string): Promise<ImageRow["id"] | undefined> {
  const row = await tx.db
    .selectFrom("images")
    .select("id")
    .where("image_type", "=", "machine")
    .where(({ eb, or }) => or([eb("id", "=", image), eb("name", "=", image), eb("name", "=", `${image}-hvm-x86_64`)]))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const values = { alias, image_id: row.id as never }; // a machine image's id
  await tx.db.insertInto("image_aliases").values(values).onConflict((conflict) => conflict.column("alias").doUpdateSet(values)).execute();
  return row.id;
}
