/** What building one image is given, and what it hands back. */
import type { PackageCache } from "./packages/package-cache.ts";

export interface ImageWork {
  /** Empty at the start, removed at the end. */
  readonly workDirectory: string;
  /** Of the image's architecture. */
  readonly cache: PackageCache;
  /** Debian's static busybox: what first file systems are made of. */
  readonly busybox: Buffer;
  /** The same as a file, of the architecture that runs here. */
  readonly runnableBusybox: string;
  /** What is being done, and how much of the whole is done, 0 to 1. */
  readonly step: (step: string, fraction: number) => void;
  readonly signal: AbortSignal;
}

/** For an image that paravirtual guests boot, too. */
export interface ParavirtualWork extends ImageWork {
  /** Their kernel (the AKI). */
  readonly paravirtual: ParavirtualKernel;
}

export interface ParavirtualKernel {
  readonly version: string;
  readonly file: string;
  /** The first file system that it boots (the ARI). */
  readonly ramdisk: Buffer;
  /** Has `modules/VERSION`. */
  readonly directory: string;
}

export interface BuiltDisk {
  /** A qcow2 file in the work directory. */
  readonly disk: string;
  readonly sizeGib: number;
  readonly description: string;
  /** The kernel inside the image, in the work directory too, where hypervisors are to be tried with it. */
  readonly kernel?: { readonly name: string; readonly file: string };
  readonly packages: Readonly<Record<string, string>>;
}
