import { invalidParameterCombination, missingParameter } from "../../base/api-error.ts";
import { listTags } from "../../compute/tags.ts";
import { changePrefixList, mergeEntries, parseEntries, requireListName, requireMaxEntries, requireVersion, type PrefixListChange } from "../../network/prefix-list-changes.ts";
import { requireRoomForWeight } from "../../network/prefix-list-room.ts";
import { listEntries } from "../../network/prefix-lists.ts";
import type { PrefixListRow } from "../../store/prefix-list-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireOwnList } from "./prefix-list-request.ts";
import { toPrefixListView } from "./views/prefix-list-view.ts";

/** Gives a list other entries, which is a new version, another size or another name; packets follow at once. */
export const ModifyManagedPrefixList = defineAction({
  name: "ModifyManagedPrefixList",
  supported: "whole; no IPAM resolvers",
  load: async ({ input, caller, tx }) => {
    const row = await requireOwnList(tx, caller, input.PrefixListId ?? "");
    return { row, change: await toChange(tx, row, input) };
  },
  authorize: ({ row }, { caller }) => [{ action: "ec2:ModifyManagedPrefixList", resource: ec2Arn(caller, "prefix-list", row.id) }],
  apply: async ({ row, change }, { tx, now }) => {
    const changed = await changePrefixList(tx, row, change, now);
    return { PrefixList: { ...toPrefixListView(changed, (await listTags(tx, [row.id])).get(row.id)), State: "modify-in-progress" as const } };
  },
});

async function toChange(tx: Tx, row: PrefixListRow, input: ActionInput<"ec2", "ModifyManagedPrefixList">): Promise<PrefixListChange> {
  const { PrefixListName: name, MaxEntries: maxEntries, AddEntries: added = [], RemoveEntries: removed = [] } = input;
  const changesEntries = added.length + removed.length > 0;
  if (name === undefined && maxEntries === undefined && !changesEntries) throw missingParameter("addEntries");
  if (maxEntries !== undefined && changesEntries) throw invalidParameterCombination("The entries and the size of a prefix list cannot be changed in one request.");
  if (name !== undefined) requireListName(name);
  if (maxEntries !== undefined) {
    requireMaxEntries(row.id, maxEntries, await listEntries(tx, row.id, row.version));
    await requireRoomForWeight(tx, row, maxEntries);
  }
  if (changesEntries || input.CurrentVersion !== undefined) requireVersion(row, input.CurrentVersion);
  const entries = changesEntries ? await mergeEntries(tx, row, parseEntries(row.family, added), parseEntries(row.family, removed)) : undefined;
  if (entries !== undefined) requireMaxEntries(row.id, row.max_entries, entries);
  return { ...(name === undefined ? {} : { name }), ...(maxEntries === undefined ? {} : { maxEntries }), ...(entries === undefined ? {} : { entries }), state: "modify-complete" };
}
