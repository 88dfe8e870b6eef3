import { hash } from "node:crypto";
import { directValidation } from "../../base/api-error.ts";
import { blockSize } from "../../block-store/block-store.ts";
import { requireWritable, toTarget, touchDirectSnapshot } from "../../storage/direct-snapshot.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { checksumOf, defineDataAction, ebsGrants, requireBlockIndex, requireSha256 } from "./data-action.ts";

/** That a snapshot is in use is written down so often; its timeout is of ten minutes and more. */
const touchEveryMs = 60_000;

/** Writes one block of a snapshot that was begun with StartSnapshot; it is durable when the answer is given. */
export const PutSnapshotBlock = defineDataAction({
  name: "PutSnapshotBlock",
  supported: "whole; no throttling",
  readOnly: true, // of rows: blocks come by the thousands, and leave no audit events
  load: async ({ input, bodySha256, caller, tx, now }) => {
    const row = await requireWritable(tx, caller, input.SnapshotId, now);
    requireBlockIndex(input.BlockIndex, row.volume_size_gib);
    requireProgress(input.Progress);
    return { row, digest: requireWholeBlock(input, bodySha256) };
  },
  authorize: ({ row }, { caller }) => ebsGrants(caller, "PutSnapshotBlock", row.id),
  apply: async ({ row, digest }, { input, tx }) => {
    const block = { index: input.BlockIndex, digest, data: input.BlockData };
    return { id: row.id, target: await toTarget(tx, row), block, percent: input.Progress };
  },
  move: async ({ id, target, block, percent }, { store, snapshots, now }) => {
    await snapshots.writers.put(target, block);
    if (await snapshots.writers.claimTouch(target, now, touchEveryMs)) {
      await store.write((tx) => touchDirectSnapshot(tx, id, percent, touchEveryMs, now), "soon");
    }
    return checksumOf(block.digest);
  },
});

/** Returns the digest of the block, which is the request's whole body. */
function requireWholeBlock({ BlockData: data, DataLength: length, Checksum: checksum, ChecksumAlgorithm: algorithm }: ActionInput<"ebs", "PutSnapshotBlock">, bodySha256: string | undefined): string {
  requireSha256(algorithm);
  if (length !== blockSize || data.length !== blockSize) throw directValidation("INVALID_BLOCK", `A block has ${blockSize} bytes, and so must say x-amz-Data-Length.`);
  const digest = bodySha256 ?? hash("sha256", data, "hex");
  if (Buffer.from(digest, "hex").toString("base64") !== checksum) throw directValidation("INVALID_BLOCK", "The block does not have the checksum of the request.");
  return digest;
}

function requireProgress(percent: number | undefined): void {
  if (percent !== undefined && (percent < 0 || percent > 100)) throw directValidation("INVALID_PARAMETER_VALUE", "Progress must be between 0 and 100.");
}
