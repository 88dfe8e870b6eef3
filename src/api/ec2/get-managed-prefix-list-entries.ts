import { invalidParameterValue } from "../../base/api-error.ts";
import { listEntries, requirePrefixList } from "../../network/prefix-lists.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** The blocks of a list, now or in an earlier version. */
export const GetManagedPrefixListEntries = defineDescribe({
  name: "GetManagedPrefixListEntries",
  supported: "whole",
  list: async ({ input, caller, tx }) => {
    const { id, row, blocks } = await requirePrefixList(tx, caller, input.PrefixListId ?? "");
    const version = input.TargetVersion ?? row?.version ?? 0;
    if (row !== undefined && (version < 1 || version > row.version)) throw invalidParameterValue(`The prefix list ${id} has no version ${version}`);
    if (blocks !== undefined) return blocks.map((Cidr) => ({ Cidr }));
    const entries = await listEntries(tx, id, version);
    return entries.map(({ cidr, description }) => ({ Cidr: cidr, ...(description === null ? {} : { Description: description }) }));
  },
  key: (entry) => entry.Cidr,
  page: { minimum: 1, maximum: 100 },
  output: (rows, nextToken) => ({ Entries: [...rows], ...nextTokenField(nextToken) }),
});
