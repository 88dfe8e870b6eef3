import type { Snapshot } from "@aws-sdk/client-ec2";
import { invalidUserId, notFound } from "../../base/api-error.ts";
import { imageOwnerAccount } from "../../compute/image.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { everybody, listVisibleSnapshots } from "../../storage/snapshot.ts";
import type { SnapshotRow } from "../../store/storage-tables.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import type { Call } from "../action.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { readKeys, toSnapshotView } from "./views/snapshot-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

const filters: FilterTable<Snapshot> = {
  tags: tagsOfView,
  fields: {
    "completion-time": (snapshot) => snapshot.CompletionTime,
    description: (snapshot) => snapshot.Description,
    encrypted: (snapshot) => snapshot.Encrypted,
    "owner-alias": (snapshot) => snapshot.OwnerAlias,
    "owner-id": (snapshot) => snapshot.OwnerId,
    progress: (snapshot) => snapshot.Progress,
    "snapshot-id": (snapshot) => snapshot.SnapshotId,
    "start-time": (snapshot) => snapshot.StartTime,
    status: (snapshot) => snapshot.State,
    "storage-tier": (snapshot) => snapshot.StorageTier,
    "transfer-type": (snapshot) => snapshot.TransferType,
    "volume-id": (snapshot) => snapshot.VolumeId,
    "volume-size": (snapshot) => snapshot.VolumeSize,
  },
};

type SnapshotsCall = Call<ActionInput<"ec2", "DescribeSnapshots">>;

/** The snapshots that the account may make volumes of: its own, those shared with it, and public ones. */
export const DescribeSnapshots = defineDescribe({
  name: "DescribeSnapshots",
  supported: "whole",
  ids: ({ SnapshotIds: ids }) => ids,
  list: async (call) => {
    const { caller, tx } = call;
    const rows = await listAsked(call);
    const keys = await readKeys(tx, rows);
    const tags = await listTagsOfType(tx, caller, "snapshot");
    return rows.map((row) => toSnapshotView(row, keys, row.account === caller.account ? tags.get(row.id) : undefined));
  },
  key: (snapshot) => snapshot.SnapshotId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "snapshotIds" },
  output: (rows, nextToken) => ({ Snapshots: [...rows], ...nextTokenField(nextToken) }),
});

async function listAsked(call: SnapshotsCall): Promise<SnapshotRow[]> {
  const { input, caller, tx } = call;
  const ids = input.SnapshotIds ?? [];
  requireWellFormed("snapshot", ids);
  const owners = (input.OwnerIds ?? []).map((owner) => toAccount(owner, caller.account));
  const visible = await listVisibleSnapshots(tx, caller, ids, ids.length > 0 ? [] : owners);
  const missing = [...new Set(ids)].filter((id) => visible.every((row) => row.id !== id));
  if (missing.length > 0) throw notFound("snapshot", missing);
  const isRestorable = await restorableFilter(call);
  return visible.filter((row) => (owners.length === 0 || owners.includes(row.account)) && isRestorable(row));
}

function toAccount(owner: string, self: string): string {
  if (owner === "self") return self;
  if (owner === "amazon") return imageOwnerAccount;
  if (/^(?:\d{12}|aws-marketplace|microsoft)$/.test(owner)) return owner;
  throw invalidUserId(owner);
}

/** Holds for the snapshots of which one of the users may make volumes: as their owner or by name; of the group `all`, public ones. */
async function restorableFilter({ input, caller, tx }: SnapshotsCall): Promise<(row: SnapshotRow) => boolean> {
  const asked = input.RestorableByUserIds ?? [];
  if (asked.length === 0) return () => true;
  const users = asked.map((user) => (user === everybody ? user : toAccount(user, caller.account)));
  const granted = await tx.db.selectFrom("snapshot_permissions").select("snapshot_id").where("grantee", "in", users).execute();
  const ids = new Set(granted.map((row) => row.snapshot_id));
  return (row) => ids.has(row.id) || users.includes(row.account);
}
