/** IPv6 blocks as rules name them. */
import ipaddr from "ipaddr.js";

/** Read in any spelling, its host bits cleared, written in the shortest (RFC 5952): `2001:DB8:0:0::1/64` is `2001:db8::/64`. Undefined when malformed. */
export function normalizeIpv6Cidr(text: string): string | undefined {
  if (!ipaddr.IPv6.isValidCIDR(text) || text.includes("%")) return undefined;
  const [, prefix] = ipaddr.IPv6.parseCIDR(text);
  return `${ipaddr.IPv6.networkAddressFromCIDR(text).toRFC5952String()}/${prefix}`;
}
