import { directValidation, isApiError } from "../../base/api-error.ts";
import { blockSize } from "../../block-store/block-store.ts";
import { parseTags, putTags, type Tag } from "../../compute/tags.ts";
import { planStart, startSnapshot, toTarget, type StartRequest } from "../../storage/direct-snapshot.ts";
import { findKey, isManagedKey, keyArn } from "../../storage/kms-key.ts";
import { findSnapshot } from "../../storage/snapshot.ts";
import { requireSnapshotRoom } from "../../storage/snapshot-creation.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { toTagViews } from "../ec2/views/tag-view.ts";
import { defineDataAction, ebsGrants } from "./data-action.ts";

type Input = ActionInput<"ebs", "StartSnapshot">;

/** Begins a snapshot whose blocks the caller writes, over the blocks of a parent if it names one. */
export const StartSnapshot = defineDataAction({
  name: "StartSnapshot",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const plan = await planStart(tx, { account: caller.account, region: caller.region }, parseStart(input));
    await requireSnapshotRoom(tx, caller, 1);
    return { plan, tags: parseDirectTags(input.Tags ?? []) };
  },
  authorize: ({ plan }, { caller }) => ebsGrants(caller, "StartSnapshot", "*", ...(plan.parent === undefined ? [] : [plan.parent.id])),
  apply: async ({ plan, tags }, { caller, tx, random, now }) => {
    const row = await startSnapshot(tx, plan, random, now);
    await putTags(tx, { id: row.id, type: "snapshot", account: caller.account, region: caller.region }, tags);
    const key = row.kms_key_id === null ? undefined : await findKey(tx, row.kms_key_id);
    return {
      SnapshotId: row.id,
      OwnerId: row.account,
      Status: "pending" as const,
      StartTime: new Date(row.created_at),
      VolumeSize: row.volume_size_gib,
      BlockSize: blockSize,
      ...(row.description === "" ? {} : { Description: row.description }),
      ...(tags.length === 0 ? {} : { Tags: toTagViews(tags) }),
      ...(plan.parent === undefined ? {} : { ParentSnapshotId: plan.parent.id }),
      ...(key === undefined ? { SseType: "none" as const } : { KmsKeyArn: keyArn(key), SseType: isManagedKey(key) ? ("sse-ebs" as const) : ("sse-kms" as const) }),
    };
  },
  // The parent's blocks must be promised before anybody can delete the parent.
  move: async (output, { store, snapshots }) => {
    const target = await store.read(async (tx) => {
      const row = await findSnapshot(tx, output.SnapshotId);
      return row?.observed_state === "ordered" ? toTarget(tx, row) : undefined;
    });
    if (target !== undefined) await snapshots.writers.begin(target);
    return output;
  },
});

function parseStart({ VolumeSize: size, ParentSnapshotId: parentId, Description: description = "", Encrypted: encrypted, KmsKeyArn: kmsKey, Timeout: timeout = 60 }: Input): StartRequest {
  if (size < 1 || size > 65_536) throw directValidation("INVALID_VOLUME_SIZE", "VolumeSize must be between 1 and 65536 GiB.");
  if (description.length > 255) throw directValidation("INVALID_PARAMETER_VALUE", "Description must be at most 255 characters long.");
  if (timeout < 10 || timeout > 4320) throw directValidation("INVALID_PARAMETER_VALUE", "Timeout must be between 10 and 4320 minutes.");
  if (kmsKey !== undefined && encrypted !== true && parentId === undefined) throw directValidation("INVALID_PARAMETER_VALUE", "KmsKeyArn requires Encrypted to be true.");
  return { volumeSizeGib: size, parentId, description, encrypted, kmsKey, timeoutMs: timeout * 60_000 };
}

function parseDirectTags(tags: NonNullable<Input["Tags"]>): readonly Tag[] {
  try {
    return parseTags(tags);
  } catch (thrown) {
    if (!isApiError(thrown)) throw thrown;
    throw directValidation("INVALID_TAG", thrown.message);
  }
}
