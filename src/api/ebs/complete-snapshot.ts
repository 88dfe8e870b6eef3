import { createHash } from "node:crypto";
import { directValidation } from "../../base/api-error.ts";
import { requireWritable, toTarget } from "../../storage/direct-snapshot.ts";
import { findSnapshot, recordSnapshotProgress } from "../../storage/snapshot.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineDataAction, ebsGrants, requireSha256 } from "./data-action.ts";

/** Seals a snapshot that was begun with StartSnapshot, when all that its writer believes to have written is there. */
export const CompleteSnapshot = defineDataAction({
  name: "CompleteSnapshot",
  supported: "whole",
  load: ({ input, caller, tx, now }) => requireWritable(tx, caller, input.SnapshotId, now),
  authorize: (row, { caller }) => ebsGrants(caller, "CompleteSnapshot", row.id),
  apply: async (row, { input, tx }) => ({ id: row.id, target: await toTarget(tx, row), expected: parseExpected(input) }),
  move: async ({ id, target, expected }, { store, snapshots, now }) => {
    // One that was sealed before, by a call that was never answered, has passed the check.
    if ((await snapshots.findManifest(target.region, id)) === undefined) requireExpected(await snapshots.writers.listPut(target), expected);
    const { count: total, moved } = await snapshots.writers.seal(target);
    await store.write(async (tx) => {
      const row = await findSnapshot(tx, id);
      if (row !== undefined) await recordSnapshotProgress(tx, row, { state: "completed", percent: 100, blocks: { total, moved } }, now);
    });
    return { Status: "completed" as const };
  },
});

interface Expected {
  readonly count: number;
  readonly checksum: string | undefined;
}

function parseExpected(input: ActionInput<"ebs", "CompleteSnapshot">): Expected {
  const { ChangedBlocksCount: count, Checksum: checksum, ChecksumAlgorithm: algorithm, ChecksumAggregationMethod: method } = input;
  if (count < 0) throw directValidation("INVALID_PARAMETER_VALUE", "ChangedBlocksCount must not be negative.");
  if (checksum === undefined && algorithm === undefined && method === undefined) return { count, checksum };
  requireSha256(algorithm);
  if (checksum === undefined || method !== "LINEAR") throw directValidation("INVALID_PARAMETER_VALUE", "A checksum needs the aggregation method LINEAR, and the method a checksum.");
  return { count, checksum };
}

function requireExpected(put: readonly string[], { count, checksum }: Expected): void {
  if (put.length !== count) throw directValidation("INVALID_PARAMETER_VALUE", `ChangedBlocksCount is ${count}, but ${put.length} blocks were written.`);
  if (checksum === undefined || checksum === aggregate(put)) return;
  throw directValidation("INVALID_BLOCK", "The blocks that were written do not have the checksum of the request.");
}

/** SHA-256 over the blocks' own digests, 32 bytes each, by rising index (facts §4.8). */
function aggregate(digests: readonly string[]): string {
  const all = createHash("sha256");
  for (const digest of digests) all.update(digest, "hex");
  return all.digest("base64");
}
