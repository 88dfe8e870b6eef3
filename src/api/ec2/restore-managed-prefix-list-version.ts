import { invalidParameterValue } from "../../base/api-error.ts";
import { listTags } from "../../compute/tags.ts";
import { changePrefixList, requireMaxEntries, requireVersion } from "../../network/prefix-list-changes.ts";
import { listEntries } from "../../network/prefix-lists.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireOwnList } from "./prefix-list-request.ts";
import { toPrefixListView } from "./views/prefix-list-view.ts";

/** Gives a list the entries of an earlier version, as a new version. */
export const RestoreManagedPrefixListVersion = defineAction({
  name: "RestoreManagedPrefixListVersion",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const row = await requireOwnList(tx, caller, input.PrefixListId ?? "");
    requireVersion(row, input.CurrentVersion);
    const previous = input.PreviousVersion ?? 0;
    if (previous < 1 || previous >= row.version) throw invalidParameterValue(`The prefix list ${row.id} has no earlier version ${previous}`);
    const entries = (await listEntries(tx, row.id, previous)).map(({ cidr, description }) => ({ cidr, description }));
    requireMaxEntries(row.id, row.max_entries, entries);
    return { row, entries };
  },
  authorize: ({ row }, { caller }) => [{ action: "ec2:RestoreManagedPrefixListVersion", resource: ec2Arn(caller, "prefix-list", row.id) }],
  apply: async ({ row, entries }, { tx, now }) => {
    const changed = await changePrefixList(tx, row, { entries, state: "restore-complete" }, now);
    return { PrefixList: { ...toPrefixListView(changed, (await listTags(tx, [row.id])).get(row.id)), State: "restore-in-progress" as const } };
  },
});
