/** A kernel to try hypervisors with: that of an image built here (an emulated host has it uncompressed), else the machine's own. Hardware assistance is believed only when it boots one. */
import { existsSync, readdirSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";

export function findProbeKernel(imagesDirectory: string): string | undefined {
  const kernels = join(imagesDirectory, "kernels");
  const built = existsSync(kernels) ? readdirSync(kernels).filter((name) => /^vmlinu[xz]-/.test(name)).toSorted() : [];
  const candidates = [...built.map((name) => join(kernels, name)), `/boot/vmlinuz-${release()}`];
  return candidates.find((file) => existsSync(file));
}
