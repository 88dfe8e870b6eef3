/**
 * The addresses between a host and the VPC namespaces on it. They are link-local, which no VPC may contain, and mean nothing
 * outside the host: each VPC namespace has one, the host's end has the same in all.
 */
import { formatIpv4, type Cidr } from "../../base/ipv4.ts";
import { formatIpv6 } from "../../base/ipv6.ts";

/** 169.254.64.0/18 */
export const linkNetwork: Cidr = { base: 0xa9fe4000, prefix: 18 };
/** Where guests' metadata requests are sent on to. */
export const hostLinkAddress = formatIpv4(linkNetwork.base + 1);
/** How many VPCs fit on one host. */
export const vpcLimit = 2 ** 14 - 4;

/** The address of the VPC namespace with this number, counted from 0. */
export function vpcLinkAddress(number: number): string {
  return formatIpv4(linkNetwork.base + 2 + number);
}

/** The ends of the link between a host and a VPC's namespace, for IPv6. */
export const [hostLinkIpv6, vpcLinkIpv6] = ["fe80::1", "fe80::2"];

/** The link-local address that a hardware address makes by itself (EUI-64): how packets are handed to an interface whatever address they are for. */
export function linkLocalOf(mac: string): string {
  const bytes = mac.split(":").map((byte) => Number.parseInt(byte, 16));
  const [first = 0, ...rest] = bytes;
  const [b = 0, c = 0, d = 0, e = 0, f = 0] = rest;
  return formatIpv6(0xfe80n << 112n | [first ^ 2, b, c, 0xff, 0xfe, d, e, f].reduce((value, byte) => (value << 8n) | BigInt(byte), 0n));
}

/** The ports on which the agent answers metadata requests, one an interface. */
export const metadataPorts = { first: 20_000, last: 29_999 } as const;

export const metadataAddress = "169.254.169.254";
/** The metadata service's IPv6 address (facts §8), which the host itself has. */
export const metadataIpv6 = "fd00:ec2::254";

/** The VPC namespace's own address towards it. */
export function vpcLinkServiceIpv6(number: number): string {
  return `fd00:ec2::1:${(number + 1).toString(16)}`;
}

/** The resolver's second address, the same in every VPC (facts §7.8). */
export const resolverAddress = "169.254.169.253";

/** Where the services of a guest's own host are, by family: no group, ACL, route or flow log is about them. */
export const serviceBlocks = { ip: "169.254.0.0/16", ip6: "fd00:ec2::/32" } as const;

/** The resolver's IPv6 address, the same in every VPC (facts §7.8). */
export const resolverIpv6 = "fd00:ec2::253";

/** The UDP port of VXLAN, by which hosts exchange the packets of VPCs. */
export const overlayPort = 4_789;
