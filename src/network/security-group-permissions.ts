/** From the IpPermissions of a request to the rules that it means: each peer is a rule of its own, in EC2's one spelling (facts §7.6). */
import type { IpPermission, UserIdGroupPair } from "@aws-sdk/client-ec2";
import {
  groupInOtherNetwork,
  groupNameNotFound,
  invalidParameterCombination,
  invalidParameterValue,
  missingParameter,
  notFound,
  malformedId,
} from "../base/api-error.ts";
import { formatCidr, parseCidr } from "../base/ipv4.ts";
import { normalizeIpv6Cidr } from "../base/ipv6.ts";
import { isId } from "../base/ids.ts";
import type { SecurityGroupRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { groupTextRule, isGroupText } from "./group-text.ts";
import { hasPorts, isIcmp, parseProtocol, protocolName } from "./ip-protocol.ts";
import { findPeer } from "./peers.ts";
import { requirePrefixList } from "./prefix-lists.ts";
import { findGroupByName, ruleKey, type RuleColumns } from "./security-group-rules.ts";

type Traffic = Pick<RuleColumns, "protocol" | "from_port" | "to_port">;
type Peer = Pick<RuleColumns, "cidr" | "ipv6_cidr" | "referenced_group_id" | "referenced_account" | "prefix_list_id">;

/** What the calls that change rules say of them; ingress calls may name one rule by members of the request itself. */
export interface PermissionRequest {
  readonly IpPermissions?: readonly IpPermission[] | undefined;
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
  readonly CidrIp?: string | undefined;
  readonly SourceSecurityGroupName?: string | undefined;
  readonly SourceSecurityGroupOwnerId?: string | undefined;
}

/** The rules of the request for the group. Fails for what is no rule, and for a rule that is in it twice. */
export async function parseRules(tx: Tx, group: SecurityGroupRow, request: PermissionRequest, egress: boolean): Promise<RuleColumns[]> {
  const rules: RuleColumns[] = [];
  for (const permission of toPermissions(request, egress)) {
    const traffic = parseTraffic(permission);
    for (const { peer, description } of await parsePeers(tx, group, permission)) {
      rules.push({ egress: egress ? 1 : 0, ...traffic, ...peer, description: parseRuleDescription(description) });
    }
  }
  if (new Set(rules.map(ruleKey)).size < rules.length) throw invalidParameterValue("The same permission must not appear multiple times");
  return rules;
}

function toPermissions(request: PermissionRequest, egress: boolean): readonly IpPermission[] {
  const { IpPermissions: permissions = [], IpProtocol: protocol, CidrIp: cidr, SourceSecurityGroupName: groupName, SourceSecurityGroupOwnerId: owner } = request;
  const isFlat = [protocol, cidr, groupName, owner, request.FromPort, request.ToPort].some((member) => member !== undefined);
  if (!isFlat) {
    if (permissions.length === 0) throw missingParameter("ipPermissions");
    return permissions;
  }
  if (egress) throw invalidParameterCombination("Only ipPermissions may be used to specify outbound rules.");
  if (permissions.length > 0) throw invalidParameterCombination("The parameter ipPermissions cannot be used with the parameters of a single rule.");
  if (groupName === undefined) return [{ IpProtocol: protocol, FromPort: request.FromPort, ToPort: request.ToPort, IpRanges: cidr === undefined ? [] : [{ CidrIp: cidr }] }];
  if (cidr !== undefined) throw invalidParameterCombination("The parameter sourceSecurityGroupName cannot be used with the parameter cidrIp.");
  const from = { UserIdGroupPairs: [{ GroupName: groupName, UserId: owner }] };
  const all = { FromPort: 0, ToPort: 65_535 };
  return [
    { IpProtocol: "icmp", FromPort: -1, ToPort: -1, ...from },
    { IpProtocol: "tcp", ...all, ...from },
    { IpProtocol: "udp", ...all, ...from },
  ];
}

/** Ports in EC2's sense: for ICMP the type and the code; for other protocols none. */
export function parseTraffic({ IpProtocol: text, FromPort: from, ToPort: to }: Pick<IpPermission, "IpProtocol" | "FromPort" | "ToPort">): Traffic {
  if (text === undefined) throw missingParameter("ipProtocol");
  const protocol = parseProtocol(text);
  if (protocol === undefined) throw invalidParameterValue(`Invalid value '${text}' for IP protocol. Unknown protocol.`);
  const name = protocolName(protocol);
  if (hasPorts(protocol)) return { protocol: name, ...parsePorts(from, to) };
  if (isIcmp(protocol)) return { protocol: name, ...parseIcmp(protocol, from, to) };
  return { protocol: name, from_port: null, to_port: null };
}

function parsePorts(from: number | undefined, to: number | undefined): Pick<Traffic, "from_port" | "to_port"> {
  if (from === undefined || to === undefined) throw invalidParameterValue("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
  for (const port of [from, to]) if (port < 0 || port > 65_535) throw invalidParameterValue(`TCP/UDP port (${port}) out of range`);
  if (from > to) throw invalidParameterValue(`Invalid TCP/UDP port range (${from}:${to})`);
  return { from_port: from, to_port: to };
}

/** -1 is any; ICMPv6 may leave both out. */
function parseIcmp(protocol: number, type: number | undefined, code: number | undefined): Pick<Traffic, "from_port" | "to_port"> {
  if ((type === undefined || code === undefined) && protocol === 1) {
    throw invalidParameterValue("Invalid value 'Must specify both from and to ports with ICMP.' for portRange.");
  }
  if (type === undefined) return { from_port: -1, to_port: -1 };
  if (type < -1 || type > 255) throw invalidParameterValue(`ICMP type (${type}) out of range`);
  if (code !== undefined && (code < -1 || code > 255)) throw invalidParameterValue(`ICMP code (${code}) out of range`);
  if (type === -1 && (code ?? -1) !== -1) throw invalidParameterValue(`ICMP code (${code}) needs an ICMP type`);
  return { from_port: type, to_port: code ?? -1 };
}

interface DescribedPeer {
  readonly peer: Peer;
  readonly description: string | undefined;
}

const nobody: Peer = { cidr: null, ipv6_cidr: null, referenced_group_id: null, referenced_account: null, prefix_list_id: null };

async function parsePeers(tx: Tx, group: SecurityGroupRow, permission: IpPermission): Promise<DescribedPeer[]> {
  const { IpRanges: ranges = [], Ipv6Ranges: ipv6Ranges = [], UserIdGroupPairs: pairs = [], PrefixListIds: lists = [] } = permission;
  const peers: DescribedPeer[] = [
    ...ranges.map(({ CidrIp: cidr, Description: description }) => ({ peer: toIpv4Peer(cidr ?? ""), description })),
    ...ipv6Ranges.map(({ CidrIpv6: cidr, Description: description }) => ({ peer: toIpv6Peer(cidr ?? ""), description })),
  ];
  for (const pair of pairs) peers.push({ peer: await toGroupPeer(tx, group, pair), description: pair.Description });
  for (const list of lists) peers.push({ peer: await toListPeer(tx, group, list.PrefixListId ?? ""), description: list.Description });
  if (peers.length === 0) throw missingParameter("cidrIp");
  return peers;
}

/** The one source or destination that a rule has; fails for malformed ones, and for a group that the rule's own group cannot name. */
export function toIpv4Peer(text: string): Peer {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw invalidParameterValue(`CIDR block ${text} is malformed`);
  return { ...nobody, cidr: formatCidr(cidr) };
}

export function toIpv6Peer(text: string): Peer {
  const cidr = normalizeIpv6Cidr(text);
  if (cidr === undefined) throw invalidParameterValue(`CIDR block ${text} is malformed`);
  return { ...nobody, ipv6_cidr: cidr };
}

/** A list of the account's, or one of EC2's own. */
export async function toListPeer(tx: Tx, group: SecurityGroupRow, id: string): Promise<Peer> {
  return { ...nobody, prefix_list_id: (await requirePrefixList(tx, group, id)).id };
}

/** A group of the same VPC or of one that it is peered with: only there does it mean its members' private addresses. */
export async function toGroupPeer(tx: Tx, group: SecurityGroupRow, { GroupId: id, GroupName: name, UserId: account }: UserIdGroupPair): Promise<Peer> {
  const all = await tx.db
    .selectFrom("security_groups")
    .selectAll()
    .where("account", "=", account ?? group.account)
    .where("region", "=", group.region)
    .execute();
  if (id === undefined) {
    if (name === undefined) throw missingParameter("groupId");
    const named = findGroupByName(all, group.vpc_id, name);
    if (named === undefined) throw groupNameNotFound(name, group.vpc_id);
    return { ...nobody, referenced_group_id: named.id };
  }
  if (!isId("securityGroup", id)) throw malformedId("securityGroup", id);
  const found = all.find((each) => each.id === id);
  if (found === undefined) throw notFound("securityGroup", id);
  if (found.vpc_id !== group.vpc_id && (await findPeer(tx, group.vpc_id, found.vpc_id)) === undefined) throw groupInOtherNetwork();
  return { ...nobody, referenced_group_id: id, referenced_account: found.account === group.account ? null : found.account };
}

/** Null for none. */
export function parseRuleDescription(text: string | undefined): string | null {
  if (text === undefined || text === "") return null;
  if (!isGroupText(text)) throw invalidParameterValue(`Invalid rule description. Valid descriptions are ${groupTextRule}`);
  return text;
}
