/** Images that an account makes: their names, which are unique in its region, and their rows. */
import { duplicateImageName, invalidValueOf, malformedImageName } from "../base/api-error.ts";
import { newId, type ImageId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import type { ImageBlockDevice } from "./block-device-mapping.ts";
import type { ImageOptions } from "./image-options.ts";
import type { Owner } from "./owned-rows.ts";

const longestDescription = 255;

/** Fails when the name is none, or when another image of the account in the region has it. */
export async function requireImageName(tx: Tx, { account, region }: Owner, name: string): Promise<string> {
  if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name)) throw malformedImageName();
  const same = tx.db.selectFrom("images").select("id").where("account", "=", account).where("region", "=", region).where("name", "=", name);
  const row = await same.executeTakeFirst();
  if (row !== undefined) throw duplicateImageName(name, row.id);
  return name;
}

export function requireImageDescription(description: string | undefined): string {
  const text = description ?? "";
  if (text.length > longestDescription) throw invalidValueOf("description", text, `The description must be at most ${longestDescription} characters long.`);
  return text;
}

/** What no way to make an image sets. */
export const freshImageColumns = {
  state_reason: null,
  ramdisk_file: null,
  wanted: 0,
  deprecated_at: null,
  deregistered_at: null,
  deregistration_protection: "disabled",
  protected_until: null,
  source_instance_id: null,
  source_image_id: null,
  source_region: null,
} as const satisfies Partial<ImageRow>;

/** What an image is, as the three ways to make one plan it. */
export interface ImagePlan {
  readonly owner: Owner;
  readonly name: string;
  readonly description: string;
  readonly architecture: ImageRow["architecture"];
  readonly virtualization: ImageRow["virtualization_type"];
  readonly rootDevice: string;
  readonly kernelId: string | null;
  readonly options: ImageOptions;
  /** The root among them. Snapshots that are yet to be made are null. */
  readonly devices: readonly ImageBlockDevice[];
  readonly source: Partial<Pick<ImageRow, "source_instance_id" | "source_image_id" | "source_region">>;
}

/** The id that the image will have. */
export function newImageId(random: Random): ImageId {
  return newId("image", random);
}

/** Writes the image; it is pending until all its snapshots are completed. */
export async function insertImage(tx: Tx, id: ImageId, plan: ImagePlan, state: "pending" | "available", now: number): Promise<ImageRow> {
  const row: ImageRow = {
    id,
    image_type: "machine",
    ...freshImageColumns,
    ...plan.owner,
    name: plan.name,
    description: plan.description,
    architecture: plan.architecture,
    virtualization_type: plan.virtualization,
    root_device_name: plan.rootDevice,
    state,
    file: null,
    ...rootColumns(plan),
    kernel_id: plan.kernelId,
    public: 0,
    local_name: null,
    created_at: now,
    block_device_mappings: JSON.stringify(plan.devices),
    launch_options: JSON.stringify(plan.options),
    ...plan.source,
  };
  await tx.db.insertInto("images").values(row).execute();
  return row;
}

function rootColumns({ devices, rootDevice }: ImagePlan): Pick<ImageRow, "size_gib" | "snapshot_id"> {
  const root = devices.find(({ device }) => device === rootDevice);
  if (root === undefined || root.snapshotId === null || root.sizeGib === null) throw new Error("an image's root is a snapshot of known size");
  return { size_gib: root.sizeGib, snapshot_id: root.snapshotId };
}

/** The devices with these snapshots, by device name, in their places. */
export function withSnapshots(devices: readonly ImageBlockDevice[], snapshots: ReadonlyMap<string, ImageBlockDevice["snapshotId"]>): ImageBlockDevice[] {
  return devices.map((device) => ({ ...device, snapshotId: snapshots.get(device.device) ?? device.snapshotId }));
}
