/**
 * The IPv4 rules of one VPC's namespace on one host: a pure value from what is connected there.
 *
 * A guest reaches what its groups, its subnet's ACL and its subnet's routes allow, the resolver, DHCP and its own metadata; with a
 * public address and an internet route also the world outside, as that address. It never reaches the host's namespace, the
 * underlay network or another VPC by a private address.
 *
 *   prerouting    choose_table (which routing table), destination (translation)
 *   forward       through_namespace (is there such a way at all)  →  acl_leaving  →  leaving (groups)  →  acl_arriving  →  arriving (groups)
 *   postrouting   source (translation)
 *
 * Groups are checked for what leaves an interface here and again for what arrives at one here, each by a chain of the interface
 * (`group-rules.ts`); connection tracking lets pass what belongs to a connection that was allowed. ACLs know no connections and see
 * every packet that leaves or enters their subnet. Flow logs look between these chains (`flow-logs/flow-rules.ts`). The services of the link-local range, DHCP and the resolver pass none of them,
 * as on EC2 (facts §7.6).
 */
import type { Direction } from "../protocol/counted-rule.ts";
import { aclChains, aclName, groupChains, interfaceChain, interfaceChains, memberSet } from "./group-rules.ts";
import { hostLinkAddress, metadataAddress, metadataIpv6, metadataPorts, resolverAddress, serviceBlocks } from "./link-addresses.ts";
import { tokenReplyMatch } from "./metadata-reply.ts";
import { overlayDevice, ruleTable, uplinkDevice, wireDevice } from "./names.ts";
import { peeringChains, peeringForwardRules } from "./peering.ts";
import type { Chain, RuleTable } from "./rule-table.ts";
import { isWithin, type Family } from "./traffic-match.ts";
import type { LocalInterface, LocalSubnet, VpcScene } from "./vpc-scene.ts";
import { wireChain } from "./wire.ts";

export interface VpcRulesInput {
  /** The VPC namespace's own address towards the host. */
  readonly linkAddress: string;
  readonly underlayBlock: string;
  readonly scene: VpcScene;
}

export const ports = `${metadataPorts.first}-${metadataPorts.last}`;
/** Where metadata requests are sent on to. */
const metadataEnds: Readonly<Record<Family, string>> = { ip: hostLinkAddress, ip6: metadataIpv6 };
/** Marks a connection whose answer carries a token. */
const tokenMark = "0x1";

export function vpcRules(input: VpcRulesInput): RuleTable {
  const { here, subnets, groups, members } = input.scene;
  const acls = aclChains("ip", subnets);
  const aclNames = new Set(acls.map(([name]) => name));
  return {
    family: "ip",
    sets: new Map([...members].map(([group, addresses]) => [memberSet(group), addresses])),
    chains: new Map<string, Chain>([
      ...groupChains("ip", groups),
      ...acls,
      ...interfaceChains(here.filter((nic) => !nic.isNatGateway), groups),
      ["choose_table", { hook: "type filter hook prerouting priority mangle; policy accept;", rules: [...markRules("ip", input.scene), ...answerRules(here)] }],
      ["destination", { hook: "type nat hook prerouting priority dstnat; policy accept;", rules: destinationRules(here) }],
      ["source", { hook: "type nat hook postrouting priority srcnat; policy accept;", rules: sourceRules(input) }],
      ["to_namespace", { hook: "type filter hook input priority filter; policy drop;", rules: inputRules(input.scene) }],
      ["metadata_reply", { rules: metadataReplyRules("ip", here) }],
      ["through_namespace", { hook: "type filter hook forward priority filter; policy drop;", rules: forwardRules(input) }],
      ...aclCheck("ip", "leave", subnets, here, aclNames),
      ["leaving", { hook: "type filter hook forward priority filter + 10; policy accept;", rules: groupCheck("leave", here, [`iifname "eni*" ip daddr ${hostLinkAddress} accept`]) }],
      ...aclCheck("ip", "arrive", subnets, here, aclNames),
      ["arriving", { hook: "type filter hook forward priority filter + 20; policy accept;", rules: groupCheck("arrive", here) }],
    ]),
  };
}

/** Which frames of the overlay are for an interface here, and for packets to other addresses than its own, by which table they go there. */
export function overlayRules(scene: VpcScene): string {
  const { here, ipv6Blocks } = scene;
  const own = here.flatMap(({ mac, privateAddresses }) => privateAddresses.map((address) => `${mac} . ${address}`));
  const own6 = here.flatMap(({ mac, ipv6Addresses }) => ipv6Addresses.map((address) => `${mac} . ${address}`));
  const open = here.flatMap(({ mac, deliveryTable }) => (deliveryTable === undefined ? [] : `${mac} : ${deliveryTable}`));
  const openTypes = ipv6Blocks.length === 0 ? "ip" : "{ ip, ip6 }";
  const rules = [
    ...(open.length === 0 ? [] : [`ether type ${openTypes} meta mark set ether daddr map { ${open.join(", ")} } meta pkttype set host accept`]),
    ...(own.length === 0 ? [] : [`ether type ip ether daddr . ip daddr { ${own.join(", ")} } meta pkttype set host accept`]),
    ...(own6.length === 0 ? [] : [`ether type ip6 ether daddr . ip6 daddr { ${own6.join(", ")} } meta pkttype set host accept`]),
  ];
  return `table netdev ${ruleTable}
delete table netdev ${ruleTable}
table netdev ${ruleTable} {
	chain from_overlay {
		type filter hook ingress device "${overlayDevice}" priority filter; policy drop;
${rules.map((rule) => `\t\t${rule}\n`).join("")}	}
${scene.wireMac === undefined ? "" : wireChain(here)}${peeringChains(scene)}}
`;
}

/**
 * Which table a packet of an interface here asks. For what stays in the VPC all of them say the same as the main one, unless a route bends it; then it asks no other, since a mark makes every
 * look at routes and the overlay slower.
 */
export function markRules(family: Family, { here, subnets, blocks, ipv6Blocks }: VpcScene): readonly string[] {
  const marks = here.flatMap(({ device, mark }) => (mark === undefined ? [] : `"${device}" : ${mark}`));
  const own = family === "ip" ? blocks : ipv6Blocks;
  const isBent = subnets.some(({ routes }) => routes.some(({ destination }) => own.some((block) => isWithin(block, destination))));
  const beyond = isBent || own.length === 0 ? "" : `${family} daddr != { ${own.join(", ")} } `;
  return marks.length === 0 ? [] : [`${beyond}meta mark set iifname map { ${marks.join(", ")} }`];
}

/** What answers a connection that began at a connect endpoint goes back there, whosever address that came from and wherever the subnet's routes lead. */
function answerRules(here: readonly LocalInterface[]): readonly string[] {
  return here.flatMap(({ device, isConnectEndpoint, deliveryTable }) =>
    isConnectEndpoint && deliveryTable !== undefined ? [`iifname "${device}" ct state new ct mark set ${deliveryTable}`, `ct direction reply ct mark ${deliveryTable} meta mark set ${deliveryTable}`] : [],
  );
}

function destinationRules(here: readonly LocalInterface[]): readonly string[] {
  const inside = here.flatMap(({ publicAddresses }) => publicAddresses.map(([own, outer]) => `${outer} : ${own}`));
  return [
    ...here.map(({ device, metadataPort }) => `iifname "${device}" ip daddr ${metadataAddress} tcp dport 80 dnat to ${hostLinkAddress}:${metadataPort}`),
    ...(inside.length === 0 ? [] : [`iifname "${uplinkDevice}" dnat to ip daddr map { ${inside.join(", ")} }`]),
  ];
}

function sourceRules({ scene, linkAddress }: VpcRulesInput): readonly string[] {
  const outside = scene.here.flatMap(({ publicAddresses }) => publicAddresses.map(([own, outer]) => `${own} : ${outer}`));
  return [
    `oifname "${uplinkDevice}" ip daddr ${hostLinkAddress} tcp dport ${ports} snat to ${linkAddress}`,
    ...(outside.length === 0 ? [] : [`oifname "${uplinkDevice}" snat to ip saddr map { ${outside.join(", ")} }`]),
  ];
}

function inputRules({ resolver }: VpcScene): readonly string[] {
  return [
    'iifname "lo" accept',
    'iifname "eni*" udp sport 68 udp dport 67 accept',
    `iifname "eni*" ip daddr { ${resolver}, ${resolverAddress} } meta l4proto { tcp, udp } th dport 53 accept`,
    `iifname "${uplinkDevice}" ct state established,related accept`,
  ];
}

function forwardRules({ scene, underlayBlock }: VpcRulesInput): readonly string[] {
  const { here } = scene;
  const own = here.flatMap(({ device, privateAddresses }) => privateAddresses.map((address) => `"${device}" . ${address}`));
  const open = here.flatMap(({ device, sourceDestCheck }) => (sourceDestCheck ? [] : `"${device}"`));
  const checked = open.length === 0 ? "" : `oifname != { ${open.join(", ")} } `;
  const routed = here.flatMap(({ publicAddresses }) => publicAddresses.map(([address]) => address));
  return [
    `iifname "${uplinkDevice}" ip saddr ${hostLinkAddress} tcp sport ${ports} goto metadata_reply`,
    `iifname "eni*" ip daddr ${hostLinkAddress} tcp dport ${ports} ct status dnat accept`,
    `iifname "eni*" ip daddr { ${serviceBlocks.ip}, ${underlayBlock} } drop`,
    `iifname "${uplinkDevice}" ip saddr { ${scene.blocks.join(", ")} } drop`,
    ...(own.length === 0 ? [] : [`oifname "eni*" ${checked}oifname . ip daddr != { ${own.join(", ")} } drop`]),
    `iifname { "eni*", "${overlayDevice}", "${wireDevice}" } oifname "eni*" accept`,
    `iifname "eni*" oifname { "${overlayDevice}", "${wireDevice}" } accept`,
    ...peeringForwardRules("ip", scene),
    `iifname "${uplinkDevice}" ct state established,related accept`,
    ...(routed.length === 0 ? [] : [`iifname "eni*" oifname "${uplinkDevice}" ip saddr { ${routed.join(", ")} } accept`]),
    `iifname "${uplinkDevice}" oifname "eni*" ct status dnat accept`,
  ];
}

/** Between two interfaces of a subnet its ACL does not count, nor for metadata. No chain when no ACL says anything. */
export function aclCheck(family: Family, direction: Direction, subnets: readonly LocalSubnet[], here: readonly LocalInterface[], acls: ReadonlySet<string>): readonly (readonly [string, Chain])[] {
  const [key, side] = direction === "leave" ? ["iifname", "daddr"] : ["oifname", "saddr"];
  const jumps = subnets
    .filter((subnet) => acls.has(aclName(direction, subnet)))
    .map((subnet) => {
      const devices = here.filter((nic) => nic.subnet === subnet.id).map(({ device }) => `"${device}"`);
      return `${key} { ${devices.join(", ")} } ${family} ${side} != ${family === "ip" ? subnet.cidr : subnet.ipv6Cidr} jump ${aclName(direction, subnet)}`;
    });
  if (jumps.length === 0) return [];
  const service = `${family} ${side} ${metadataEnds[family]} accept`;
  const metadata = direction === "leave" ? service : `iifname "${uplinkDevice}" ${service}`;
  const [name, priority] = direction === "leave" ? ["acl_leaving", 7] : ["acl_arriving", 17];
  return [[name, { hook: `type filter hook forward priority filter + ${priority}; policy accept;`, rules: [metadata, ...jumps] }]];
}

export function metadataReplyRules(family: Family, here: readonly LocalInterface[]): readonly string[] {
  const limit = family === "ip" ? "ip ttl" : "ip6 hoplimit";
  return [
    `${tokenReplyMatch()} ct mark set ${tokenMark}`,
    ...here.map(({ device, hopLimit }) => `ct mark ${tokenMark} oifname "${device}" ${limit} set ${hopLimit}`),
    "ct state established accept",
    "drop",
  ];
}

/**
 * What a packet that leaves an interface here, or arrives there, passes: one of an allowed connection nothing more, nor what `exempt` accepts; any other the chain of
 * the interface.
 */
export function groupCheck(direction: Direction, here: readonly LocalInterface[], exempt: readonly string[] = []): readonly string[] {
  const key = direction === "leave" ? "iifname" : "oifname";
  const chains = here.map((nic) => `"${nic.device}" : ${nic.isNatGateway ? "accept" : `goto ${interfaceChain(direction, nic)}`}`);
  return ["ct state established,related accept", ...exempt, ...(chains.length === 0 ? [] : [`${key} vmap { ${chains.join(", ")} }`]), `${key} "eni*" drop`];
}
