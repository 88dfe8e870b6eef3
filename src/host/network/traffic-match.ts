/** What rules of security groups and network ACLs match, as expressions of nftables. Pure. */
import { cidrContains, formatCidr, parseCidr, type Cidr } from "../../base/ipv4.ts";
import type { TrafficSpecification } from "../protocol/specification.ts";

const [icmp, tcp, udp] = [1, 6, 17];
const portNames: Readonly<Record<number, string>> = { [tcp]: "tcp", [udp]: "udp" };

/** Empty for all traffic; else ends in a blank. */
export function trafficMatch({ protocol, ports, icmp: message }: TrafficSpecification): string {
  if (protocol < 0) return "";
  const name = portNames[protocol];
  if (name !== undefined && ports !== undefined && ports.from >= 0) return `${name} dport ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`} `;
  if (protocol !== icmp || message === undefined || message.type < 0) return `meta l4proto ${protocol} `;
  const code = message.code === undefined || message.code < 0 ? "" : `icmp code ${message.code} `;
  return `icmp type ${message.type} ${code}`;
}

/** The packet's source or destination is in one of the blocks; empty for every address, undefined when there is no block at all. */
export function blocksMatch(side: "saddr" | "daddr", texts: readonly string[]): string | undefined {
  const blocks = texts.flatMap((text) => parseCidr(text) ?? []);
  if (blocks.length === 0) return undefined;
  if (blocks.some(({ prefix }) => prefix === 0)) return "";
  const separate = withoutContained(blocks).map(formatCidr);
  return separate.length === 1 ? `ip ${side} ${separate[0]} ` : `ip ${side} { ${separate.join(", ")} } `;
}

/** nftables refuses intervals that overlap. */
function withoutContained(blocks: readonly Cidr[]): readonly Cidr[] {
  const kept: Cidr[] = [];
  for (const block of blocks.toSorted((a, b) => a.prefix - b.prefix)) {
    if (!kept.some((larger) => cidrContains(larger, block.base))) kept.push(block);
  }
  return kept;
}
