/** A kernel to try hypervisors with: that of an image built here, else the machine's own. Hardware assistance is believed only when it boots one. */
import { existsSync, readdirSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";

export function findProbeKernel(imagesDirectory: string): string | undefined {
  const kernels = join(imagesDirectory, "kernels");
  const built = existsSync(kernels) ? readdirSync(kernels).filter((name) => name.startsWith("vmlinuz-")).toSorted() : [];
  const candidates = [...built.map((name) => join(kernels, name)), `/boot/vmlinuz-${release()}`];
  return candidates.find((file) => existsSync(file));
}
