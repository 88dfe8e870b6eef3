/** IPv4 addresses and CIDR blocks as numbers: small, total arithmetic for placement of addresses. */

export interface Cidr {
  /** The network address, as an unsigned 32-bit number. */
  readonly base: number;
  readonly prefix: number;
}

/** The address as an unsigned 32-bit number, or undefined when the text is no dotted quad. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** The block, its host bits cleared as EC2 does (`100.68.0.18/18` is `100.68.0.0/18`), or undefined when malformed. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, ...rest] = text.split("/");
  if (address === undefined || length === undefined || rest.length > 0 || !/^(?:\d|[12]\d|3[0-2])$/.test(length)) return undefined;
  const value = parseIpv4(address);
  if (value === undefined) return undefined;
  const prefix = Number(length);
  return { base: value - (value % cidrSize({ base: 0, prefix })), prefix };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIpv4(cidr.base)}/${cidr.prefix}`;
}

/** How many addresses the block has. */
export function cidrSize(cidr: Cidr): number {
  return 2 ** (32 - cidr.prefix);
}

export function cidrContains(cidr: Cidr, address: number): boolean {
  return address >= cidr.base && address < cidr.base + cidrSize(cidr);
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrContains(a, b.base) || cidrContains(b, a.base);
}

/**
 * Whether EC2 keeps the address for itself: network, router (.1), resolver (.2), future use (.3) and broadcast.
 * Facts §7.1.
 */
export function isReservedInSubnet(subnet: Cidr, address: number): boolean {
  const offset = address - subnet.base;
  return offset < 4 || offset === cidrSize(subnet) - 1;
}
