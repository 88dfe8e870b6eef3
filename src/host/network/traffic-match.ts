/** What rules of security groups and network ACLs match, as expressions of nftables. Pure. */
import { cidrContains, formatCidr, parseCidr } from "../../base/ipv4.ts";
import { formatIpv6Block, isIpv6BlockWithin, isIpv6Text, parseIpv6Block } from "../../base/ipv6.ts";
import type { TrafficSpecification } from "../protocol/specification.ts";

/** As nftables calls the families, of tables and of addresses. */
export type Family = "ip" | "ip6";

const [tcp, udp] = [6, 17];
const portNames: Readonly<Record<number, string>> = { [tcp]: "tcp", [udp]: "udp" };
const icmp = { ip: { protocol: 1, name: "icmp" }, ip6: { protocol: 58, name: "icmpv6" } } as const satisfies Record<Family, unknown>;

/** Empty for all traffic; else ends in a blank. */
export function trafficMatch(family: Family, { protocol, ports, icmp: message }: TrafficSpecification): string {
  if (protocol < 0) return "";
  const name = portNames[protocol];
  if (name !== undefined && ports !== undefined && ports.from >= 0) return `${name} dport ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`} `;
  const own = icmp[family];
  if (protocol !== own.protocol || message === undefined || message.type < 0) return `meta l4proto ${protocol} `;
  const code = message.code === undefined || message.code < 0 ? "" : `${own.name} code ${message.code} `;
  return `${own.name} type ${message.type} ${code}`;
}

/** The packet's source or destination is in one of the family's blocks; empty for every address, undefined when there is no block at all. */
export function blocksMatch(family: Family, side: "saddr" | "daddr", texts: readonly string[]): string | undefined {
  const blocks = texts.flatMap((text) => (family === "ip" ? toBlock(text) : toIpv6Block(text)));
  if (blocks.length === 0) return undefined;
  if (blocks.some(({ prefix }) => prefix === 0)) return "";
  const separate = withoutContained(blocks).map(({ text }) => text);
  return separate.length === 1 ? `${family} ${side} ${separate[0]} ` : `${family} ${side} { ${separate.join(", ")} } `;
}

/** Whether all addresses of a block are another's; not of two families. */
export function isWithin(outer: string, inner: string): boolean {
  const [[own], [other]] = [toBlock(outer).concat(toIpv6Block(outer)), toBlock(inner).concat(toIpv6Block(inner))];
  return own !== undefined && other !== undefined && isIpv6Text(outer) === isIpv6Text(inner) && other.prefix >= own.prefix && own.holds(inner);
}

interface Block {
  readonly text: string;
  readonly prefix: number;
  readonly holds: (other: string) => boolean;
}

function toBlock(text: string): readonly Block[] {
  const block = parseCidr(text);
  if (block === undefined) return [];
  return [{ text: formatCidr(block), prefix: block.prefix, holds: (other) => cidrContains(block, parseCidr(other)?.base ?? -1) }];
}

function toIpv6Block(text: string): readonly Block[] {
  const block = parseIpv6Block(text);
  if (block === undefined) return [];
  return [{ text: formatIpv6Block(block), prefix: block.prefix, holds: (other) => isIpv6BlockWithin(parseIpv6Block(other) ?? { base: -1n, prefix: 128 }, block) }];
}

/** nftables refuses intervals that overlap. */
function withoutContained(blocks: readonly Block[]): readonly Block[] {
  const kept: Block[] = [];
  for (const block of blocks.toSorted((a, b) => a.prefix - b.prefix)) {
    if (!kept.some((larger) => larger.holds(block.text))) kept.push(block);
  }
  return kept;
}
