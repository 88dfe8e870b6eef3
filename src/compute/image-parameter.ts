/**
 * Public parameters that name images: `/aws/service/hostelry/IMAGE/hvm|paravirtual` (and `…-s3`) for every image that the installation brings along, the
 * paths under which their makers publish them for EC2, and the paths that `image_aliases` names.
 */
import type { ImageRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import { imageOwnerAccount, listVisibleImages } from "./image.ts";
import { imageRootType } from "./instance-store.ts";

export interface ImageParameter {
  /** The whole path. */
  readonly name: string;
  readonly imageId: string;
  readonly modifiedAt: number;
}

/** Paths by which tools elsewhere find these images, and the names of the images here. */
const publishedPaths: Readonly<Record<string, string>> = {
  "/aws/service/debian/release/12/latest/amd64": "debian-12-hvm-x86_64",
  "/aws/service/debian/release/bookworm/latest/amd64": "debian-12-hvm-x86_64",
};

/** All that the reader may resolve, in the order of their names. An alias stands before what the installation would say itself. */
export async function listImageParameters(tx: Tx, reader: { account: string; region: string }): Promise<ImageParameter[]> {
  const images = (await listVisibleImages(tx, reader)).filter((image) => image.image_type === "machine");
  const aliases = await tx.db.selectFrom("image_aliases").selectAll().execute();
  const parameters = new Map<string, ImageParameter>();
  const add = (name: string, image: ImageRow | undefined): void => {
    if (image !== undefined) parameters.set(name, { name, imageId: image.id, modifiedAt: image.created_at });
  };
  for (const image of images.filter(({ account }) => account === imageOwnerAccount)) add(ownPath(image), image);
  for (const [path, imageName] of Object.entries(publishedPaths)) add(path, images.find((image) => image.account === imageOwnerAccount && image.name === imageName));
  for (const { alias, image_id: id } of aliases) if (alias.startsWith("/")) add(alias, images.find((image) => image.id === id));
  return [...parameters.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** `debian-12-hvm-x86_64` is found at `/aws/service/hostelry/debian-12/hvm`, `tiny-hvm-x86_64-s3` at `…/tiny/hvm-s3`, `tiny-hvm-arm64` at `…/tiny/hvm-arm64`. */
function ownPath(image: ImageRow): string {
  const { name, virtualization_type: virtualization, architecture } = image;
  const root = imageRootType(image) === "ebs" ? "" : "-s3";
  const end = `-${virtualization}-${architecture}${root}`;
  const kind = architecture === "arm64" ? `${virtualization}-${architecture}` : virtualization;
  return `/aws/service/hostelry/${name.endsWith(end) ? name.slice(0, -end.length) : name}/${kind}${root}`;
}
