/** What an interface's groups, its subnet's network ACL and its subnet's routes decide about packets. Pure; the meaning is that of the hosts' own rules. */
import { isIpv6AddressIn, isIpv6Text } from "../../base/ipv6.ts";
import { aclEntryName, type Direction } from "../../host/protocol/counted-rule.ts";
import type { AclEntrySpecification, GroupRuleSpecification, PlacedInterface, RouteSpecification, VpcSpecification } from "../../host/protocol/specification.ts";
import type { Address, Hop, InterfaceEnd } from "./hop.ts";
import { addressText, holdsAddress, isOfSubnet, matchesTraffic, packetText, type Packet } from "./packet.ts";

/** The groups' decision about a new connection; `other` is the address at its other end. */
export function checkGroups(end: InterfaceEnd, direction: Direction, packet: Packet, other: Address): Hop {
  const { nic, vpc } = end;
  const hop = direction === "leave" ? "security-group-out" : "security-group-in";
  const groups = nic.groups.flatMap((id) => vpc.specification.groups.filter((group) => group.id === id));
  const rules = groups.flatMap((group) => group.rules.map((rule) => ({ group: group.id, rule }))).filter(({ rule }) => rule.egress === (direction === "leave"));
  const fitting = rules.filter(({ rule }) => matchesTraffic(rule.traffic, packet));
  const allowing = fitting.find(({ rule }) => namesPeer(vpc.specification, rule, packet, other));
  const side = direction === "leave" ? "to" : "from";
  if (allowing !== undefined) {
    const { group, rule } = allowing;
    return { hop, verdict: "passes", at: group, rule: rule.id, reason: `allows ${packetText(packet)} ${side} ${peerText(rule)}`, counter: counterOf(end, direction, rule.id) };
  }
  const narrower = other === undefined ? fitting.flatMap(({ rule }) => ("cidrs" in rule.peer ? [`${rule.id} (${peerText(rule)})`] : [])) : [];
  const only = narrower.length === 0 ? "" : `, only ${narrower.join(", ")}: ask with an address instead of internet`;
  const reason = `no rule (of ${rules.length}) allows ${packetText(packet)} ${side} ${addressText(other)}${only}`;
  return { hop, verdict: "stops", at: nic.groups.join(", "), reason, counter: counterOf(end, direction, nic.id) };
}

/** A group means the private addresses of its members, and those of IPv6. */
function namesPeer({ interfaces, peers = [] }: VpcSpecification, { peer }: GroupRuleSpecification, packet: Packet, other: Address): boolean {
  if ("cidrs" in peer) return peer.cidrs.some((cidr) => holdsAddress(cidr, other, packet));
  const all: readonly Pick<PlacedInterface, "groups" | "privateAddresses" | "ipv6Addresses">[] = [...interfaces, ...peers.flatMap((each) => each.interfaces)];
  return other !== undefined && all.some((nic) => nic.groups.includes(peer.group) && (nic.privateAddresses.includes(other) || (nic.ipv6Addresses ?? []).some((own) => isIpv6AddressIn(own, other))));
}

function peerText({ peer }: GroupRuleSpecification): string {
  return "cidrs" in peer ? peer.cidrs.join(", ") : peer.group;
}

/** The ACL's decision about a packet between the interface's subnet and `other`. */
export function checkAcl(end: InterfaceEnd, direction: Direction, packet: Packet, other: Address): Hop {
  const hop = direction === "leave" ? "network-acl-out" : "network-acl-in";
  const { subnet } = end;
  const at = end.vpc.subnets.get(subnet.id)?.acl ?? "";
  if (isOfSubnet(subnet, other, packet)) return { hop, verdict: "passes", at, reason: "does not count within a subnet" };
  const entries = entriesOf(end, direction, packet);
  const { rule, allow } = decideAcl(entries, packet, other);
  const counter = allowsAll(entries) ? { absent: "an ACL that allows everything is not checked" } : counterOf(end, direction, aclEntryName(subnet.id, rule));
  const reason = `${allow ? "allows" : "denies"} ${packetText(packet)} ${direction === "leave" ? "to" : "from"} ${addressText(other)}`;
  return { hop, verdict: allow ? "passes" : "stops", at, rule: String(rule), reason, counter };
}

/** Those about packets of this family. */
export function entriesOf({ subnet }: InterfaceEnd, direction: Direction, { ipv6 }: Packet): readonly AclEntrySpecification[] {
  return subnet.acl.filter(({ egress, cidr }) => egress === (direction === "leave") && isIpv6Text(cidr) === (ipv6 === true));
}

/** The first entry that matches; `*` denies what none does. */
export function decideAcl(entries: readonly AclEntrySpecification[], packet: Packet, other: Address): { readonly rule: number | "*"; readonly allow: boolean } {
  const entry = entries.find(({ traffic, cidr }) => matchesTraffic(traffic, packet) && holdsAddress(cidr, other, packet));
  return entry === undefined ? { rule: "*", allow: false } : { rule: entry.number, allow: entry.allow };
}

function allowsAll([first]: readonly AclEntrySpecification[]): boolean {
  return first !== undefined && first.allow && first.traffic.protocol < 0 && prefixOf(first.cidr) === 0;
}

export type Way = RouteSpecification["target"] | { readonly kind: "local" };

export interface ChosenRoute {
  readonly destination: string;
  readonly way: Way;
}

/** The longest prefix that holds the address; within the subnet no route counts. Undefined: no route is for it. */
export function chooseRoute({ subnet, vpc }: InterfaceEnd, address: Address, packet: Packet): ChosenRoute | undefined {
  const local = (destination: string): ChosenRoute => ({ destination, way: { kind: "local" } });
  if (isOfSubnet(subnet, address, packet)) return local(packet.ipv6 === true ? (subnet.ipv6Cidr ?? "") : subnet.cidr);
  const routes = subnet.routes.map(({ destination, target }): ChosenRoute => ({ destination, way: target }));
  const own = [...vpc.specification.cidrs, ...(vpc.specification.ipv6Cidrs ?? [])].map(local);
  const all = [...routes, ...own].filter(({ destination }) => holdsAddress(destination, address, packet));
  return all.toSorted((a, b) => prefixOf(b.destination) - prefixOf(a.destination))[0]; // of equal ones a route of the table, which stands first
}

/** Whether the connection leads from the one interface's VPC to the other's. */
export function isPeerOf({ vpc }: InterfaceEnd, connection: string, to: InterfaceEnd): boolean {
  return (vpc.specification.peers ?? []).some(({ id, vpc: peer }) => id === connection && peer === to.vpc.specification.id);
}

function prefixOf(cidr: string): number {
  return Number(cidr.slice(cidr.indexOf("/") + 1));
}

function counterOf({ host, vpc }: InterfaceEnd, direction: Direction, rule: string): NonNullable<Hop["counter"]> {
  if (host === undefined) return { absent: "no host has the interface" };
  if (host.simulated) return { absent: `${host.id} is simulated and has no packets` };
  return { host: host.id, vpc: vpc.specification.id, direction, rule };
}
