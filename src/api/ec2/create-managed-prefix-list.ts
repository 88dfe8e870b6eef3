import { invalidValueOf, missingParameter } from "../../base/api-error.ts";
import { createPrefixList, parseEntries, requireListName, requireMaxEntries, requireRoomForList, type PrefixListPlan } from "../../network/prefix-list-changes.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toPrefixListView } from "./views/prefix-list-view.ts";

/** Makes a list of blocks that rules and routes can name. */
export const CreateManagedPrefixList = defineAction({
  name: "CreateManagedPrefixList",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const { PrefixListName: name, AddressFamily: family, MaxEntries: maxEntries } = input;
    if (name === undefined) throw missingParameter("prefixListName");
    if (maxEntries === undefined) throw missingParameter("maxEntries");
    if (family !== "IPv4" && family !== "IPv6") throw invalidValueOf("addressFamily", family ?? "");
    requireListName(name);
    const entries = parseEntries(family, input.Entries ?? []);
    requireMaxEntries(name, maxEntries, entries);
    await requireRoomForList(tx, caller);
    const plan: PrefixListPlan = { account: caller.account, region: caller.region, name, family, maxEntries, entries };
    return { plan, tags: newTags(input, "prefix-list") };
  },
  authorize: ({ tags }, { caller }) => {
    const resource = ec2Arn(caller, "prefix-list", "*");
    return [{ action: "ec2:CreateManagedPrefixList", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const row = await createPrefixList(call.tx, plan, call.random, call.now);
    await tagNew(call, "prefix-list", row.id, tags);
    return { PrefixList: { ...toPrefixListView(row, tags), State: "create-in-progress" as const } };
  },
});
