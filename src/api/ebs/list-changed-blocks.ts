import { directValidation } from "../../base/api-error.ts";
import type { Manifest, ManifestChange } from "../../block-store/block-store.ts";
import { isRelated, requireReadable } from "../../storage/direct-snapshot.ts";
import { listFields, takeDirectPage } from "./block-page.ts";
import { defineDataAction, ebsGrants } from "./data-action.ts";
import { blockScope, blockTokenMs, parseDirectPage, sealDirectToken } from "./direct-token.ts";
import { requireManifest } from "./require-manifest.ts";

/** The blocks in which two snapshots of one lineage differ; without a first, all that the second has. */
export const ListChangedBlocks = defineDataAction({
  name: "ListChangedBlocks",
  supported: "whole; no public snapshots; of one volume, or made over or copied from each other",
  readOnly: true,
  load: async ({ input, caller, tx }) => {
    const second = await requireReadable(tx, caller, input.SecondSnapshotId);
    const first = input.FirstSnapshotId === undefined ? undefined : await requireReadable(tx, caller, input.FirstSnapshotId);
    if (first !== undefined && !(await isRelated(tx, first, second))) {
      throw directValidation("UNRELATED_SNAPSHOTS", `The snapshots '${first.id}' and '${second.id}' are not of the same volume.`);
    }
    return { first, second };
  },
  authorize: ({ first, second }, { caller }) => ebsGrants(caller, "ListChangedBlocks", ...(first === undefined ? [] : [first.id]), second.id),
  apply: ({ first, second }, { input, caller, now, pageSecret }) => {
    const scope = ["ListChangedBlocks", caller.account, first?.id ?? "", second.id];
    const volumeSizeGib = Math.max(first?.volume_size_gib ?? 0, second.volume_size_gib);
    return { firstId: first?.id, secondId: second.id, region: second.region, volumeSizeGib, scope, page: parseDirectPage(pageSecret, scope, input, now) };
  },
  move: async ({ firstId, secondId, region, volumeSizeGib, scope, page }, { snapshots, caller, now, pageSecret: secret }) => {
    const second = await requireManifest(snapshots, region, secondId);
    const changes = firstId === undefined ? allOf(second, page.from) : second.changesFrom(await requireManifest(snapshots, region, firstId), page.from);
    const tokenOf = (id: string, index: number) => sealDirectToken(secret, blockScope(caller.account, id), index, now + blockTokenMs);
    const { views, next } = await takeDirectPage(changes, page, ({ index, before, after }) => ({
      BlockIndex: index,
      ...(before === undefined || firstId === undefined ? {} : { FirstBlockToken: tokenOf(firstId, index) }),
      ...(after === undefined ? {} : { SecondBlockToken: tokenOf(secondId, index) }),
    }));
    return { ChangedBlocks: [...views], ...listFields({ volumeSizeGib, next, scope, secret, now }) };
  },
});

function* allOf(manifest: Manifest, from: number): Generator<ManifestChange, undefined> {
  for (const { index, digest } of manifest.from(from)) yield { index, before: undefined, after: digest };
}
