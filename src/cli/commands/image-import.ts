/** `image import`: takes a disk image from elsewhere into this installation. */
import { join } from "node:path";
import { silentLog } from "../../base/log.ts";
import { imageNameOf, stableId } from "../../compute/image-registration.ts";
import { importImage } from "../../image/import-image.ts";
import { listImages } from "../../image/manifest.ts";
import { CommandError } from "../command-error.ts";
import { refreshImages } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import { endSignal } from "../process-log.ts";
import type { ImportOptions } from "../program-image.ts";
import { terminalProgress } from "../terminal.ts";

export async function imageImport(file: string, options: ImportOptions): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const imagesDirectory = join(current.dataDirectory, "images");
  const progress = terminalProgress(process.stdout);
  try {
    const manifest = await importImage(file, options.name, {
      imagesDirectory,
      progress: (step, fraction) => progress.working(`${step}: ${Math.floor(fraction * 100)} %`),
      log: silentLog,
      signal: endSignal(),
      ...(options.loginUser === undefined ? {} : { loginUser: options.loginUser }),
      ...(options.arch === undefined ? {} : { architecture: options.arch }),
      ...(options.paravirtual === true ? await paravirtualToo(imagesDirectory) : {}),
    });
    await refreshImages(current.installation.runDirectory);
    for (const virtualization of manifest.virtualizations) {
      const name = imageNameOf(manifest, virtualization);
      progress.done(`${stableId("image", name)} is ${name}`);
    }
  } finally {
    progress.end();
  }
}

/** The kernel of the images that were built here boots imported ones too. */
async function paravirtualToo(imagesDirectory: string) {
  const images = await listImages(imagesDirectory);
  const { kernelFile, ramdiskFile } = images.find((image) => image.ramdiskFile !== undefined) ?? images.find((image) => image.kernelFile !== undefined) ?? {};
  if (kernelFile === undefined) throw new CommandError("There is no paravirtual kernel yet.", { remedy: "Build an image first: ./hostelry image build tiny" });
  return { kernelFile, ...(ramdiskFile === undefined ? {} : { ramdiskFile }), virtualizations: ["hvm", "paravirtual"] } as const;
}
