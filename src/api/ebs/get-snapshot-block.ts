import { directValidation } from "../../base/api-error.ts";
import { readSnapshotKey, requireReadable } from "../../storage/direct-snapshot.ts";
import { checksumOf, defineDataAction, ebsGrants } from "./data-action.ts";
import { blockScope, openDirectToken } from "./direct-token.ts";
import { requireManifest } from "./require-manifest.ts";

/** The data of a block that one of the lists gave a token for. */
export const GetSnapshotBlock = defineDataAction({
  name: "GetSnapshotBlock",
  supported: "whole; no throttling",
  readOnly: true,
  load: ({ input, caller, tx }) => requireReadable(tx, caller, input.SnapshotId),
  authorize: (row, { caller }) => ebsGrants(caller, "GetSnapshotBlock", row.id),
  apply: async (row, { input, caller, tx, now, pageSecret }) => {
    const index = openDirectToken(pageSecret, blockScope(caller.account, row.id), input.BlockToken, now);
    if (index === undefined || index !== input.BlockIndex) {
      throw directValidation("INVALID_BLOCK_TOKEN", "The block token is not valid for this block and snapshot, or has expired.");
    }
    return { id: row.id, region: row.region, index, key: await readSnapshotKey(tx, row) };
  },
  move: async ({ id, region, index, key }, { snapshots }) => {
    const digest = (await requireManifest(snapshots, region, id)).find(index);
    if (digest === undefined) throw directValidation("INVALID_BLOCK", `The snapshot '${id}' has no block ${index}.`);
    const data = await snapshots.store(region).get(digest, key);
    return { DataLength: data.length, BlockData: data, ...checksumOf(digest) };
  },
});
