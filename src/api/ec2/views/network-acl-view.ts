/** Network ACLs as EC2 shows them. */
import type { NetworkAcl, NetworkAclEntry } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";
import { hasPorts, isIcmp } from "../../../network/ip-protocol.ts";
import type { NetworkAclEntryRow, NetworkAclRow } from "../../../store/network-tables.ts";
import { lastRuleNumber } from "../acl-entry-request.ts";
import { toTagViews } from "./tag-view.ts";

export interface AclAssociation {
  readonly id: string;
  readonly subnetId: string;
}

export interface AclParts {
  readonly associations: readonly AclAssociation[];
  readonly entries: readonly NetworkAclEntryRow[];
  /** Whether its VPC has IPv6. */
  readonly ipv6: boolean;
  readonly tags: readonly Tag[] | undefined;
}

export function toNetworkAclView(row: NetworkAclRow, { associations, entries, ipv6, tags }: AclParts): NetworkAcl {
  return {
    NetworkAclId: row.id,
    VpcId: row.vpc_id,
    OwnerId: row.account,
    IsDefault: row.is_default === 1,
    Associations: associations.map(({ id, subnetId }) => ({ NetworkAclAssociationId: id, NetworkAclId: row.id, SubnetId: subnetId })),
    Entries: [1, 0].flatMap((egress) => [...entries.filter((entry) => entry.egress === egress).map(toEntryView), ...denyAll(egress === 1, ipv6)]),
    Tags: toTagViews(tags),
  };
}

function toEntryView(row: NetworkAclEntryRow): NetworkAclEntry {
  const { protocol } = row;
  return {
    RuleNumber: row.rule_number,
    Protocol: String(protocol),
    RuleAction: row.action,
    Egress: row.egress === 1,
    ...(row.cidr === null ? {} : { CidrBlock: row.cidr }),
    ...(row.ipv6_cidr === null ? {} : { Ipv6CidrBlock: row.ipv6_cidr }),
    ...(hasPorts(protocol) ? { PortRange: { From: row.from_port ?? 0, To: row.to_port ?? 65_535 } } : {}),
    ...(isIcmp(protocol) ? { IcmpTypeCode: { Type: row.icmp_type ?? -1, Code: row.icmp_code ?? -1 } } : {}),
  };
}

/** What every ACL ends with (facts §7.7). */
function denyAll(egress: boolean, ipv6: boolean): NetworkAclEntry[] {
  const last = { RuleNumber: lastRuleNumber, Protocol: "-1", RuleAction: "deny", Egress: egress } as const; // keeps the literals
  return [{ ...last, CidrBlock: "0.0.0.0/0" }, ...(ipv6 ? [{ ...last, RuleNumber: lastRuleNumber + 1, Ipv6CidrBlock: "::/0" }] : [])];
}
