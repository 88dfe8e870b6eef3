/** The manifests of the image folder as rows of images; in a simulated installation, where nothing boots, every built-in image is there at once. */
import { builtinImages, registerImages, type LocalImage } from "../compute/image-registration.ts";
import { listImages, type ImageManifest } from "../image/manifest.ts";
import type { Store } from "../store/store.ts";

export async function refreshImages(store: Store, imagesDirectory: string, simulated: boolean): Promise<void> {
  const local = simulated ? builtinImages.map((image) => ({ ...image, file: `${image.name}.raw`, kernelFile: "kernel", ramdiskFile: "ramdisk" })) : await readLocalImages(imagesDirectory);
  await store.write((tx) => registerImages(tx, local));
}

async function readLocalImages(imagesDirectory: string): Promise<LocalImage[]> {
  const built = (await listImages(imagesDirectory)).map(toLocalImage);
  return [...built, ...builtinImages.filter((image) => !built.some(({ name }) => name === image.name))];
}

function toLocalImage(manifest: ImageManifest): LocalImage {
  return {
    name: manifest.name,
    description: manifest.description,
    architecture: manifest.architecture,
    virtualizations: manifest.virtualizations,
    rootDevice: manifest.rootDevice,
    sizeGib: manifest.sizeGib,
    file: manifest.file,
    kernelFile: manifest.kernelFile,
    ramdiskFile: manifest.ramdiskFile,
    createdAt: Date.parse(manifest.createdAt),
  };
}
