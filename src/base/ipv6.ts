/** IPv6 addresses and blocks: as texts in their one spelling (RFC 5952), and as numbers where addresses are given out. */
import ipaddr from "ipaddr.js";

export interface Ipv6Block {
  readonly base: bigint;
  readonly prefix: number;
}

/** Read in any spelling, its host bits cleared, written in the shortest (RFC 5952): `2001:DB8:0:0::1/64` is `2001:db8::/64`. Undefined when malformed. */
export function normalizeIpv6Cidr(text: string): string | undefined {
  if (!ipaddr.IPv6.isValidCIDR(text) || text.includes("%")) return undefined;
  const [, prefix] = ipaddr.IPv6.parseCIDR(text);
  return `${ipaddr.IPv6.networkAddressFromCIDR(text).toRFC5952String()}/${prefix}`;
}

/** The block, its host bits cleared, or undefined when malformed. */
export function parseIpv6Block(text: string): Ipv6Block | undefined {
  const normal = normalizeIpv6Cidr(text);
  if (normal === undefined) return undefined;
  const [address = "", prefix] = normal.split("/");
  const base = parseIpv6(address);
  return base === undefined ? undefined : { base, prefix: Number(prefix) };
}

/** The address as a number of 128 bits, or undefined when the text is none. */
export function parseIpv6(text: string): bigint | undefined {
  if (!ipaddr.IPv6.isValid(text) || text.includes("%")) return undefined;
  return ipaddr.IPv6.parse(text).toByteArray().reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

export function formatIpv6(address: bigint): string {
  return new ipaddr.IPv6(Array.from({ length: 16 }, (_none, index) => Number((address >> BigInt(8 * (15 - index))) & 255n))).toRFC5952String();
}

export function formatIpv6Block({ base, prefix }: Ipv6Block): string {
  return `${formatIpv6(base)}/${prefix}`;
}

/** How many addresses the block has. */
export function ipv6BlockSize({ prefix }: Pick<Ipv6Block, "prefix">): bigint {
  return 1n << BigInt(128 - prefix);
}

export function ipv6BlockContains(block: Ipv6Block, address: bigint): boolean {
  return address >= block.base && address < block.base + ipv6BlockSize(block);
}

/** Whether `inner` lies wholly in `outer`. */
export function isIpv6BlockWithin(inner: Ipv6Block, outer: Ipv6Block): boolean {
  return inner.prefix >= outer.prefix && ipv6BlockContains(outer, inner.base);
}

/** Whether the text, an address or a block, is a block. */
export function isBlockText(text: string): boolean {
  return text.includes("/");
}

/** An address as the block of itself alone; a block as it is. */
export function toIpv6BlockText(text: string): string {
  return isBlockText(text) ? text : `${text}/128`;
}

/** Whether the address is in the block, or is the address, that `outer` is. */
export function isIpv6AddressIn(outer: string, address: string): boolean {
  const [block, number] = [parseIpv6Block(toIpv6BlockText(outer)), parseIpv6(address)];
  return block !== undefined && number !== undefined && ipv6BlockContains(block, number);
}

/** Whether a block or an address, however it is written, is of IPv6. */
export function isIpv6Text(text: string): boolean {
  return text.includes(":");
}

/**
 * The block that the VPCs of an installation have theirs from: a /44 of 3fff::/20, which is set aside for documentation and so is routed nowhere, and
 * which programs take for ordinary global addresses (decision 0013). It follows from the installation's id of six hexadecimal digits.
 */
export function ipv6PoolOf(installation: string): string {
  return `${normalizeIpv6Cidr(`3fff:0${installation.slice(0, 3)}:${installation.slice(3)}0::/44`)}`;
}
