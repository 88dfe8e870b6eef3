/** Rows of managed prefix lists; the conventions are in `tables.ts`. */
import type { Id } from "../base/ids.ts";

export interface PrefixListRow {
  id: Id<"prefixList">;
  account: string;
  region: string;
  name: string;
  family: "IPv4" | "IPv6";
  /** What was done to it last. */
  state: "create-complete" | "modify-complete" | "restore-complete";
  max_entries: number;
  version: number;
  created_at: number;
}

/** Of one version; they never change. */
export interface PrefixListEntryRow {
  prefix_list_id: string;
  version: number;
  cidr: string;
  description: string | null;
}
