/** Managed prefix lists as EC2 shows them. */
import type { ManagedPrefixList } from "@aws-sdk/client-ec2";
import type { Owner } from "../../../compute/owned-rows.ts";
import type { Tag } from "../../../compute/tags.ts";
import type { PrefixList } from "../../../network/prefix-lists.ts";
import type { PrefixListRow } from "../../../store/prefix-list-tables.ts";
import { ec2Arn } from "../../action.ts";
import { toTagViews } from "./tag-view.ts";

export function toPrefixListView(row: PrefixListRow, tags: readonly Tag[] | undefined): ManagedPrefixList {
  return {
    PrefixListId: row.id,
    PrefixListName: row.name,
    PrefixListArn: ec2Arn(row, "prefix-list", row.id),
    AddressFamily: row.family,
    State: row.state,
    MaxEntries: row.max_entries,
    Version: row.version,
    OwnerId: row.account,
    Tags: toTagViews(tags),
  };
}

/** EC2's own have neither a size nor versions. */
export function toManagedListView({ id, name, family }: PrefixList, { region }: Owner): ManagedPrefixList {
  return { PrefixListId: id, PrefixListName: name, PrefixListArn: ec2Arn({ account: "aws", region }, "prefix-list", id), AddressFamily: family, State: "create-complete", OwnerId: "AWS", Tags: [] };
}
