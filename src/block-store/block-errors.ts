/** What can be wrong with the data of a store. */
import type { Digest } from "./block.ts";

/** A block's file is there, but its content is not what its name says. */
export class CorruptBlockError extends Error {
  override readonly name = "CorruptBlockError";
  readonly digest: Digest;
  constructor(digest: Digest, options?: ErrorOptions) {
    super(`the block ${digest} is damaged`, options);
    this.digest = digest;
  }
}

export class MissingBlockError extends Error {
  override readonly name = "MissingBlockError";
  readonly digest: Digest;
  constructor(digest: Digest) {
    super(`the block ${digest} is not in the store`);
    this.digest = digest;
  }
}

/** A manifest's file is there, but is not what a writer wrote. */
export class CorruptManifestError extends Error {
  override readonly name = "CorruptManifestError";
  readonly snapshot: string;
  constructor(snapshot: string, options?: ErrorOptions) {
    super(`the manifest of ${snapshot} is damaged`, options);
    this.snapshot = snapshot;
  }
}

/** The snapshot was removed while it was being written. */
export class SnapshotRemovedError extends Error {
  override readonly name = "SnapshotRemovedError";
  constructor(snapshot: string) {
    super(`${snapshot} was removed while it was written`);
  }
}
