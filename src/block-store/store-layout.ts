/** Where everything of a store is (decision 0005). */
import { join } from "node:path";
import type { Digest, KeyName } from "./block.ts";

export interface StoreLayout {
  readonly directory: string;
  readonly manifests: string;
  readonly journals: string;
  /** Files that have no name yet. */
  readonly unfinished: string;
  /** Blocks that a sweep has moved aside, in the same folders as in the store. */
  readonly aside: string;
}

export function layoutOf(directory: string): StoreLayout {
  return {
    directory,
    manifests: join(directory, "manifests"),
    journals: join(directory, "journals"),
    unfinished: join(directory, "unfinished"),
    aside: join(directory, "aside"),
  };
}

/** The folder of blocks of one key, below the store's or its `aside` folder. */
export function blockFolder(keyName: KeyName | undefined): string {
  return keyName === undefined ? "blocks" : join("sealed", keyName);
}

/** `ab/cd…` of `abcd…`. */
export function blockFile(digest: Digest): string {
  return join(digest.slice(0, 2), digest.slice(2));
}
