/**
 * The rules of one VPC's namespace on one host: a pure text from what is connected there, loaded as one transaction.
 *
 * A guest reaches the other guests of its VPC, the resolver, DHCP and its own metadata; with a public address also the world
 * outside, as that address. It never reaches the host's namespace, the underlay network or another VPC by a private address.
 *
 * Each interface has two chains, `leave_…` and `arrive_…`, which every new connection passes: the place of the rules of
 * security groups. A chain that returns lets the connection go on. The services of the link-local range, DHCP and the resolver
 * do not pass them, as on EC2 (facts §7.6).
 */
import { hostLinkAddress, metadataAddress, metadataPorts, resolverAddress } from "./link-addresses.ts";
import { tokenReplyMatch } from "./metadata-reply.ts";
import { ruleTable, uplinkDevice } from "./names.ts";

export interface VpcRulesInput {
  /** The VPC namespace's own address towards the host. */
  readonly linkAddress: string;
  /** The second address of the VPC's first block. */
  readonly resolver: string;
  readonly underlayBlock: string;
  readonly interfaces: readonly ConnectedInterface[];
}

export interface ConnectedInterface {
  readonly device: string;
  readonly privateAddress: string;
  readonly publicAddress?: string;
  readonly metadataPort: number;
  readonly hopLimit: number;
}

const ports = `${metadataPorts.first}-${metadataPorts.last}`;
/** Marks a connection whose answer carries a token. */
const tokenMark = "0x1";

export function vpcRules(input: VpcRulesInput): string {
  return `table ip ${ruleTable}
delete table ip ${ruleTable}
table ip ${ruleTable} {
${[...natChains(input), ...filterChains(input), ...input.interfaces.flatMap(interfaceChains)].map(block).join("\n\n")}
}
`;
}

function block([name, ...lines]: readonly string[]): string {
  return [`\tchain ${name} {`, ...lines.map((line) => `\t\t${line}`), "\t}"].join("\n");
}

function natChains({ interfaces, linkAddress }: VpcRulesInput): readonly (readonly string[])[] {
  const inside = publicPairs(interfaces, (pair) => `${pair.publicAddress} : ${pair.privateAddress}`);
  const outside = publicPairs(interfaces, (pair) => `${pair.privateAddress} : ${pair.publicAddress}`);
  return [
    [
      "destination",
      "type nat hook prerouting priority dstnat; policy accept;",
      ...interfaces.map((nic) => `iifname "${nic.device}" ip daddr ${metadataAddress} tcp dport 80 dnat to ${hostLinkAddress}:${nic.metadataPort}`),
      ...inside.map((map) => `iifname "${uplinkDevice}" dnat to ip daddr map ${map}`),
    ],
    [
      "source",
      "type nat hook postrouting priority srcnat; policy accept;",
      `oifname "${uplinkDevice}" ip daddr ${hostLinkAddress} tcp dport ${ports} snat to ${linkAddress}`,
      ...outside.map((map) => `oifname "${uplinkDevice}" snat to ip saddr map ${map}`),
    ],
  ];
}

function publicPairs(interfaces: readonly ConnectedInterface[], pair: (nic: ConnectedInterface) => string): readonly string[] {
  const pairs = interfaces.filter(({ publicAddress }) => publicAddress !== undefined).map(pair);
  return pairs.length === 0 ? [] : [`{ ${pairs.join(", ")} }`];
}

function filterChains(input: VpcRulesInput): readonly (readonly string[])[] {
  const { interfaces, resolver, underlayBlock } = input;
  const routed = interfaces.filter(({ publicAddress }) => publicAddress !== undefined).map(({ privateAddress }) => privateAddress);
  return [
    [
      "to_namespace",
      "type filter hook input priority filter; policy drop;",
      'iifname "lo" accept',
      'iifname "eni*" udp sport 68 udp dport 67 accept',
      `iifname "eni*" ip daddr { ${resolver}, ${resolverAddress} } meta l4proto { tcp, udp } th dport 53 accept`,
      `iifname "${uplinkDevice}" ct state established,related accept`,
    ],
    [
      "through_namespace",
      "type filter hook forward priority filter; policy drop;",
      `iifname "${uplinkDevice}" ip saddr ${hostLinkAddress} tcp sport ${ports} goto metadata_reply`,
      `iifname "eni*" ip daddr ${hostLinkAddress} tcp dport ${ports} ct status dnat accept`,
      `iifname "eni*" ip daddr { 169.254.0.0/16, ${underlayBlock} } drop`,
      "ct state established,related accept",
      ...verdicts("iifname", "leave", interfaces),
      ...verdicts("oifname", "arrive", interfaces),
      'iifname "eni*" oifname "eni*" accept',
      ...(routed.length === 0 ? [] : [`iifname "eni*" oifname "${uplinkDevice}" ip saddr { ${routed.join(", ")} } accept`]),
      `iifname "${uplinkDevice}" oifname "eni*" ct status dnat accept`,
    ],
    [
      "metadata_reply",
      `${tokenReplyMatch()} ct mark set ${tokenMark}`,
      ...interfaces.map(({ device, hopLimit }) => `ct mark ${tokenMark} oifname "${device}" ip ttl set ${hopLimit}`),
      "ct state established accept",
      "drop",
    ],
  ];
}

function verdicts(key: string, chain: string, interfaces: readonly ConnectedInterface[]): readonly string[] {
  if (interfaces.length === 0) return [];
  return [`${key} vmap { ${interfaces.map(({ device }) => `"${device}" : jump ${chain}_${device}`).join(", ")} }`];
}

function interfaceChains({ device }: ConnectedInterface): readonly (readonly string[])[] {
  return [[`leave_${device}`], [`arrive_${device}`]];
}
