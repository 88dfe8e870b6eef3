/** Which packets a rule is about, in the sense in which hosts enforce it. Pure. */
import { cidrContains, parseCidr, parseIpv4 } from "../../base/ipv4.ts";
import type { TrafficSpecification } from "../../host/protocol/specification.ts";
import { protocolName } from "../ip-protocol.ts";
import type { Address } from "./hop.ts";

/** `port`: of the destination. */
export interface Packet {
  readonly protocol: number;
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
}

export const echoRequest: Packet = { protocol: 1, icmp: { type: 8, code: 0 } };
export const echoReply: Packet = { protocol: 1, icmp: { type: 0, code: 0 } };

export function matchesTraffic({ protocol, ports, icmp }: TrafficSpecification, packet: Packet): boolean {
  if (protocol < 0) return true;
  if (protocol !== packet.protocol) return false;
  if (ports !== undefined && ports.from >= 0) return packet.port !== undefined && packet.port >= ports.from && packet.port <= ports.to;
  if (icmp === undefined || icmp.type < 0) return true;
  return packet.icmp?.type === icmp.type && (icmp.code === undefined || icmp.code < 0 || packet.icmp.code === icmp.code);
}

/** Of the undefined address only 0.0.0.0/0 is sure to hold it. */
export function holdsAddress(cidr: string, address: Address): boolean {
  const block = parseCidr(cidr);
  if (block === undefined) return false;
  const number = address === undefined ? undefined : parseIpv4(address);
  return number === undefined ? block.prefix === 0 : cidrContains(block, number);
}

/** `tcp 80`, `icmp`. */
export function packetText({ protocol, port }: Packet): string {
  return port === undefined ? protocolName(protocol) : `${protocolName(protocol)} ${port}`;
}

export function addressText(address: Address): string {
  return address ?? "the internet";
}
