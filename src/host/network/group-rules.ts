/**
 * Security groups and network ACLs as chains, of the IPv4 or of the IPv6 rules. Pure.
 *
 * A group has one chain for each direction, which all its interfaces jump to: `accept` lets the connection through this check,
 * the chain's end goes on to the interface's next group. An ACL has one for each direction and subnet: its entries decide in
 * order, `return` lets the packet go on to the next check.
 *
 * What decides is counted, under a comment that says what it is: a group's rule by its id, an ACL's entry by subnet and number,
 * `*` for the last one, and what none of an interface's groups lets through by the interface's id.
 */
import { aclEntryName, type Direction } from "../protocol/counted-rule.ts";
import type { GroupRuleSpecification, GroupSpecification } from "../protocol/specification.ts";
import type { Chain } from "./rule-table.ts";
import { blocksMatch, trafficMatch, type Family } from "./traffic-match.ts";
import type { LocalInterface, LocalSubnet } from "./vpc-scene.ts";

type NamedChain = readonly [string, Chain];

/** The set of the private addresses of a group's interfaces. */
export function memberSet(group: string): string {
  return `members_${identifier(group)}`;
}

export function groupChains(family: Family, groups: readonly GroupSpecification[]): readonly NamedChain[] {
  return groups.flatMap(({ id, rules }) => [
    [groupChain("leave", id), { rules: rules.filter(({ egress }) => egress).flatMap((rule) => groupRule(family, rule)) }],
    [groupChain("arrive", id), { rules: rules.filter(({ egress }) => !egress).flatMap((rule) => groupRule(family, rule)) }],
  ]);
}

/** What a new connection passes that leaves the interface or arrives there. */
export function interfaceChains(interfaces: readonly LocalInterface[], groups: readonly GroupSpecification[]): readonly NamedChain[] {
  const known = new Set(groups.map(({ id }) => id));
  const chain = (direction: Direction, nic: LocalInterface): NamedChain => [
    interfaceChain(direction, nic),
    { rules: [...nic.groups.filter((group) => known.has(group)).map((group) => `jump ${groupChain(direction, group)}`), `counter drop comment "${nic.id}"`] },
  ];
  return interfaces.flatMap((nic) => [chain("leave", nic), chain("arrive", nic)]);
}

export function interfaceChain(direction: Direction, { device }: LocalInterface): string {
  return `${direction}_${device}`;
}

/** Chains of the subnets whose ACL does not simply allow everything: that is neither checked nor counted. */
export function aclChains(family: Family, subnets: readonly LocalSubnet[]): readonly NamedChain[] {
  return subnets.flatMap((subnet) => [aclChain(family, "leave", subnet), aclChain(family, "arrive", subnet)].flatMap((chain) => chain ?? []));
}

/** The name of the subnet's chain. */
export function aclName(direction: Direction, subnet: Pick<LocalSubnet, "id">): string {
  return `${direction}_${identifier(subnet.id)}`;
}

function aclChain(family: Family, direction: Direction, subnet: LocalSubnet): readonly NamedChain[] {
  const side = direction === "leave" ? "daddr" : "saddr";
  const entries = subnet.acl.filter(({ egress }) => egress === (direction === "leave"));
  const rules = entries.flatMap(({ number, allow, traffic, cidr }) => {
    const blocks = blocksMatch(family, side, [cidr]);
    return blocks === undefined ? [] : { match: `${blocks}${trafficMatch(family, traffic)}`, allow, comment: aclEntryName(subnet.id, number) };
  });
  if (rules[0]?.match === "" && rules[0].allow) return [];
  const decisions = [...rules, { match: "", allow: false, comment: aclEntryName(subnet.id, "*") }];
  return [[aclName(direction, subnet), { rules: decisions.map(({ match, allow, comment }) => `${match}counter ${allow ? "return" : "drop"} comment "${comment}"`) }]];
}

function groupRule(family: Family, { id, egress, traffic, peer }: GroupRuleSpecification): readonly string[] {
  const side = egress ? "daddr" : "saddr";
  const other = "group" in peer ? `${family} ${side} @${memberSet(peer.group)} ` : blocksMatch(family, side, peer.cidrs);
  return other === undefined ? [] : [`${other}${trafficMatch(family, traffic)}counter accept comment "${id}"`];
}

function groupChain(direction: Direction, group: string): string {
  return `${direction}_${identifier(group)}`;
}

/** nftables allows no dash in a name. */
function identifier(id: string): string {
  return id.replaceAll("-", "_");
}
