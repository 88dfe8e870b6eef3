import { requireReadable } from "../../storage/direct-snapshot.ts";
import { listFields, takeDirectPage } from "./block-page.ts";
import { defineDataAction, ebsGrants } from "./data-action.ts";
import { blockScope, blockTokenMs, parseDirectPage, sealDirectToken } from "./direct-token.ts";
import { requireManifest } from "./require-manifest.ts";

/** The blocks that a snapshot has. */
export const ListSnapshotBlocks = defineDataAction({
  name: "ListSnapshotBlocks",
  supported: "whole; no public snapshots",
  readOnly: true,
  load: ({ input, caller, tx }) => requireReadable(tx, caller, input.SnapshotId),
  authorize: (row, { caller }) => ebsGrants(caller, "ListSnapshotBlocks", row.id),
  apply: (row, { input, caller, now, pageSecret }) => {
    const scope = ["ListSnapshotBlocks", caller.account, row.id];
    return { id: row.id, region: row.region, volumeSizeGib: row.volume_size_gib, scope, page: parseDirectPage(pageSecret, scope, input, now) };
  },
  move: async ({ id, region, volumeSizeGib, scope, page }, { snapshots, caller, now, pageSecret: secret }) => {
    const manifest = await requireManifest(snapshots, region, id);
    const blocks = blockScope(caller.account, id);
    const { views, next } = await takeDirectPage(manifest.from(page.from), page, ({ index }) => ({
      BlockIndex: index,
      BlockToken: sealDirectToken(secret, blocks, index, now + blockTokenMs),
    }));
    return { Blocks: [...views], ...listFields({ volumeSizeGib, next, scope, secret, now }) };
  },
});
