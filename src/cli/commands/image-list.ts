/** `image list`: the disk images of this installation and the AMIs that they are. */
import { join } from "node:path";
import { builtinImages, imageNameOf, stableId } from "../../compute/image-registration.ts";
import { listImages } from "../../image/manifest.ts";
import { requireInstallation } from "../current-installation.ts";
import { findImageBuild } from "../image-builds.ts";
import { renderTable } from "../terminal.ts";

interface ListedImage {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly virtualization: "hvm" | "paravirtual";
  readonly sizeGib: number;
  readonly loginUser: string;
  readonly description: string;
}

export async function imageList(options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const { dataDirectory, installation } = requireInstallation(options.data);
  const built = await listImages(join(dataDirectory, "images"));
  const unbuilt = builtinImages.filter((image) => !built.some(({ name }) => name === image.name));
  const stateOf = (name: string) => {
    if (installation.simulated) return "simulated";
    const build = findImageBuild(installation.runDirectory, name);
    return build === undefined || build.state === "built" ? "not built" : `${build.state}: ${build.step}`;
  };
  const images = [
    ...built.flatMap((image) => image.virtualizations.map((kind) => toListed(image, kind, "available", image.loginUser))),
    ...unbuilt.flatMap((image) => image.virtualizations.map((kind) => toListed(image, kind, stateOf(image.name), "admin"))),
  ];
  process.stdout.write(`${options.json === true ? JSON.stringify(images, undefined, 2) : renderImages(images)}\n`);
}

function toListed(
  image: { readonly name: string; readonly architecture: "x86_64" | "arm64" | "i386"; readonly sizeGib: number; readonly description: string },
  virtualization: ListedImage["virtualization"],
  state: string,
  loginUser: string,
): ListedImage {
  const name = imageNameOf(image, virtualization);
  return { id: stableId("image", name), name, state, virtualization, sizeGib: image.sizeGib, loginUser, description: image.description };
}

function renderImages(images: readonly ListedImage[]): string {
  const rows = images.map((image) => [image.id, image.name, image.state, `${image.sizeGib} GiB`, image.loginUser, image.description]);
  return renderTable([["IMAGE", "NAME", "STATE", "SIZE", "LOGIN", "DESCRIPTION"], ...rows]);
}
