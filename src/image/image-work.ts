/** What building one image is given, and what it hands back. */
import type { PackageCache } from "./packages/package-cache.ts";

export interface ImageWork {
  /** Empty at the start, removed at the end. */
  readonly workDirectory: string;
  readonly cache: PackageCache;
  /** The kernel that paravirtual guests boot (the AKI). */
  readonly paravirtual: ParavirtualKernel;
  /** What is being done, and how much of the whole is done, 0 to 1. */
  readonly step: (step: string, fraction: number) => void;
  readonly signal: AbortSignal;
}

export interface ParavirtualKernel {
  readonly version: string;
  readonly file: string;
  /** Has `modules/VERSION`. */
  readonly directory: string;
}

export interface BuiltDisk {
  /** A qcow2 file in the work directory. */
  readonly disk: string;
  readonly sizeGib: number;
  readonly description: string;
  /** The kernel inside the image, in the work directory too. */
  readonly kernel: { readonly name: string; readonly file: string };
  readonly packages: Readonly<Record<string, string>>;
}
