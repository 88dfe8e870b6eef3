/**
 * The IPv6 rules of one VPC's namespace on one host: as those of IPv4 (`vpc-rules.ts`), but nothing but the port of metadata requests is translated. An interface is known outside by its own
 * addresses; who may begin a connection from there depends on its subnet's routes: by an internet gateway anybody, by an egress-only one nobody.
 */
import { parseIpv6Block } from "../../base/ipv6.ts";
import { aclChains, groupChains, interfaceChains, memberSet } from "./group-rules.ts";
import { metadataIpv6, resolverIpv6, serviceBlocks } from "./link-addresses.ts";
import { overlayDevice, uplinkDevice, wireDevice } from "./names.ts";
import { peeringForwardRules } from "./peering.ts";
import type { Chain, RuleTable } from "./rule-table.ts";
import { blocksMatch } from "./traffic-match.ts";
import type { LocalInterface, LocalSubnet, VpcScene } from "./vpc-scene.ts";
import { aclCheck, groupCheck, markRules, metadataReplyRules, ports } from "./vpc-rules.ts";

/** `linkAddress`: the VPC namespace's own towards the host's services. */
export function vpcIpv6Rules(scene: VpcScene, linkAddress: string): RuleTable {
  return tableOf(scene.ipv6Blocks.length === 0 ? { ...scene, here: [], subnets: [], groups: [], ipv6Members: new Map() } : scene, linkAddress);
}

function tableOf(scene: VpcScene, linkAddress: string): RuleTable {
  const { here, subnets, groups, ipv6Members } = scene;
  const acls = aclChains("ip6", subnets.filter(({ ipv6Cidr }) => ipv6Cidr !== undefined));
  const aclNames = new Set(acls.map(([name]) => name));
  return {
    family: "ip6",
    sets: new Map([...ipv6Members].map(([group, addresses]) => [memberSet(group), addresses])),
    chains: new Map<string, Chain>([
      ...groupChains("ip6", groups),
      ...acls,
      ...interfaceChains(here.filter((nic) => !nic.isNatGateway), groups),
      ["choose_table", { hook: "type filter hook prerouting priority mangle; policy accept;", rules: markRules("ip6", scene) }],
      ["destination", { hook: "type nat hook prerouting priority dstnat; policy accept;", rules: destinationRules(here) }],
      ["source", { hook: "type nat hook postrouting priority srcnat; policy accept;", rules: [`oifname "${uplinkDevice}" ip6 daddr ${metadataIpv6} tcp dport ${ports} snat to ${linkAddress}`] }],
      ["to_namespace", { hook: "type filter hook input priority filter; policy drop;", rules: inputRules }],
      ["metadata_reply", { rules: metadataReplyRules("ip6", here) }],
      ["through_namespace", { hook: "type filter hook forward priority filter; policy drop;", rules: forwardRules(scene) }],
      ...aclCheck("ip6", "leave", subnets, here, aclNames),
      ["leaving", { hook: "type filter hook forward priority filter + 10; policy accept;", rules: groupCheck("leave", here, [`iifname "eni*" ip6 daddr ${metadataIpv6} accept`]) }],
      ...aclCheck("ip6", "arrive", subnets, here, aclNames),
      ["arriving", { hook: "type filter hook forward priority filter + 20; policy accept;", rules: groupCheck("arrive", here) }],
    ]),
  };
}

/** From guests: what finds the router and asks for addresses and names; from the host: who the neighbour is. */
const inputRules: readonly string[] = [
  'iifname "lo" accept',
  'iifname "eni*" icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, echo-reply } accept',
  'iifname "eni*" udp sport 546 udp dport 547 accept',
  `iifname "eni*" ip6 daddr ${resolverIpv6} meta l4proto { tcp, udp } th dport 53 accept`,
  `iifname "${uplinkDevice}" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`,
  `iifname "${uplinkDevice}" ct state established,related accept`,
];

function destinationRules(here: readonly LocalInterface[]): readonly string[] {
  return here
    .filter(({ ipv6Addresses }) => ipv6Addresses.length > 0)
    .map(({ device, metadataPort }) => `iifname "${device}" ip6 daddr ${metadataIpv6} tcp dport 80 dnat to [${metadataIpv6}]:${metadataPort}`);
}

function forwardRules(scene: VpcScene): readonly string[] {
  const { here, subnets, ipv6Blocks } = scene;
  const own = here.flatMap(({ device, ipv6Addresses }) => ipv6Addresses.map((address) => `"${device}" . ${address}`));
  const open = here.flatMap(({ device, sourceDestCheck }) => (sourceDestCheck ? [] : `"${device}"`));
  const checked = open.length === 0 ? "" : `oifname != { ${open.join(", ")} } `;
  const addresses = here.flatMap(({ ipv6Addresses }) => ipv6Addresses);
  return [
    `iifname "${uplinkDevice}" ip6 saddr ${metadataIpv6} tcp sport ${ports} goto metadata_reply`,
    `iifname "eni*" ip6 daddr ${metadataIpv6} tcp dport ${ports} ct status dnat accept`,
    `iifname "eni*" ip6 daddr ${serviceBlocks.ip6} drop`,
    ...(ipv6Blocks.length === 0 ? [] : [`iifname "${uplinkDevice}" ip6 saddr { ${ipv6Blocks.join(", ")} } drop`]),
    ...(own.length === 0 ? [] : [`oifname "eni*" ${checked}oifname . ip6 daddr != { ${own.join(", ")} } drop`]),
    `iifname { "eni*", "${overlayDevice}", "${wireDevice}" } oifname "eni*" accept`,
    `iifname "eni*" oifname { "${overlayDevice}", "${wireDevice}" } accept`,
    ...peeringForwardRules("ip6", scene),
    `iifname "${uplinkDevice}" ct state established,related accept`,
    ...(addresses.length === 0 ? [] : [`iifname "eni*" oifname "${uplinkDevice}" ip6 saddr { ${addresses.join(", ")} } accept`]),
    ...subnets.flatMap((subnet) => entranceRules(subnet, here)),
  ];
}

/** Who outside may begin a connection: decided by the route that answers would take, the longest one first. */
function entranceRules({ id, routes }: LocalSubnet, here: readonly LocalInterface[]): readonly string[] {
  const devices = here.flatMap((nic) => (nic.subnet === id && nic.ipv6Addresses.length > 0 ? [`"${nic.device}"`] : []));
  if (devices.length === 0) return [];
  const outside = routes.flatMap(({ destination, target }) => {
    const block = parseIpv6Block(destination);
    return block === undefined ? [] : [{ prefix: block.prefix, from: blocksMatch("ip6", "saddr", [destination]) ?? "", enters: target.kind === "internet" }];
  });
  return outside
    .toSorted((a, b) => b.prefix - a.prefix)
    .map(({ from, enters }) => `iifname "${uplinkDevice}" oifname { ${devices.join(", ")} } ${from}${enters ? "accept" : "drop"}`);
}
