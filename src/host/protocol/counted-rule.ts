/** What hosts count: packets that a rule of a group, an entry of a network ACL, or the lack of any rule has decided about. */
import type { SubnetId } from "../../base/ids.ts";

/** Where packets are decided about: as they leave an interface, or as they arrive at one. */
export type Direction = "leave" | "arrive";

/** Since the rule was last loaded. Of a connection only the packets until its first answer are decided by groups; ACLs decide about each. */
export interface RuleCounter {
  readonly direction: Direction;
  /** A rule's id, an ACL entry's name, or for what no rule of its groups lets through the id of the interface. */
  readonly rule: string;
  readonly packets: number;
  readonly bytes: number;
}

/** An entry of the subnet's network ACL, by its number; `*` is the last, which denies what no other has decided. */
export function aclEntryName(subnet: SubnetId, number: number | "*"): string {
  return `${subnet}/${number}`;
}
