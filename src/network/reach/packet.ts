/** Which packets a rule is about, in the sense in which hosts enforce it. Pure. */
import { cidrContains, parseCidr, parseIpv4 } from "../../base/ipv4.ts";
import { ipv6BlockContains, isIpv6Text, parseIpv6, parseIpv6Block } from "../../base/ipv6.ts";
import type { SubnetSpecification, TrafficSpecification } from "../../host/protocol/specification.ts";
import { protocolName } from "../ip-protocol.ts";
import type { Address } from "./hop.ts";

/** `port`: of the destination. */
export interface Packet {
  /** Absent: of IPv4. */
  readonly ipv6?: true;
  readonly protocol: number;
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
}

export const echoRequest: Packet = { protocol: 1, icmp: { type: 8, code: 0 } };
export const echoRequest6: Packet = { ipv6: true, protocol: 58, icmp: { type: 128, code: 0 } };

export function echoReplyTo({ ipv6 }: Packet): Packet {
  return ipv6 === true ? { ipv6, protocol: 58, icmp: { type: 129, code: 0 } } : { protocol: 1, icmp: { type: 0, code: 0 } };
}

export function matchesTraffic({ protocol, ports, icmp }: TrafficSpecification, packet: Packet): boolean {
  if (protocol < 0) return true;
  if (protocol !== packet.protocol) return false;
  if (ports !== undefined && ports.from >= 0) return packet.port !== undefined && packet.port >= ports.from && packet.port <= ports.to;
  if (icmp === undefined || icmp.type < 0) return true;
  return packet.icmp?.type === icmp.type && (icmp.code === undefined || icmp.code < 0 || packet.icmp.code === icmp.code);
}

/** Whether the block is of the packet's family and holds the address; the undefined one only 0.0.0.0/0, or ::/0, is sure to hold. */
export function holdsAddress(cidr: string, address: Address, { ipv6 }: Pick<Packet, "ipv6">): boolean {
  if (isIpv6Text(cidr) !== (ipv6 === true)) return false;
  return ipv6 === true ? holdsIpv6(cidr, address) : holdsIpv4(cidr, address);
}

function holdsIpv4(cidr: string, address: Address): boolean {
  const block = parseCidr(cidr);
  if (block === undefined) return false;
  const number = address === undefined ? undefined : parseIpv4(address);
  return number === undefined ? block.prefix === 0 : cidrContains(block, number);
}

function holdsIpv6(cidr: string, address: Address): boolean {
  const block = parseIpv6Block(cidr);
  if (block === undefined) return false;
  const number = address === undefined ? undefined : parseIpv6(address);
  return number === undefined ? block.prefix === 0 : ipv6BlockContains(block, number);
}

/** Whether the address is of the subnet. */
export function isOfSubnet({ cidr, ipv6Cidr }: Pick<SubnetSpecification, "cidr" | "ipv6Cidr">, address: Address, packet: Packet): boolean {
  return holdsAddress(cidr, address, packet) || (ipv6Cidr !== undefined && holdsAddress(ipv6Cidr, address, packet));
}

/** `tcp 80`, `icmp`. */
export function packetText({ protocol, port }: Packet): string {
  return port === undefined ? protocolName(protocol) : `${protocolName(protocol)} ${port}`;
}

export function addressText(address: Address): string {
  return address ?? "the internet";
}
