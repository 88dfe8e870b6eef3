/** Addresses in policies: blocks and single addresses of both families. */
import ipaddr from "ipaddr.js";

export type IpBlock = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number];

/** A block, or an address as a block of one; undefined when it is neither. */
export function parseBlock(text: string): IpBlock | undefined {
  try {
    if (text.includes("/")) return ipaddr.parseCIDR(text);
    const address = parseAddress(text);
    return address && [address, address.kind() === "ipv4" ? 32 : 128];
  } catch {
    return undefined;
  }
}

/** IPv4 addresses that came in IPv6's form are IPv4 addresses. */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(":") && ipaddr.IPv6.isValid(text));
  return isAddress ? ipaddr.process(text) : undefined;
}

export function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [network, prefix]: IpBlock): boolean {
  return address.kind() === network.kind() && address.match(network, prefix);
}
