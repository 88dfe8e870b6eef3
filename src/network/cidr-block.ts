/** CIDR blocks of VPCs and subnets: their sizes, and which ranges may be together in one VPC (facts §7.1). */
import { invalidNetworkRange, malformedCidr, restrictedBlock } from "../base/api-error.ts";
import { cidrContains, cidrsOverlap, formatCidr, parseCidr, type Cidr } from "../base/ipv4.ts";
import { isIpv6BlockWithin, isIpv6Text, parseIpv6Block, type Ipv6Block } from "../base/ipv6.ts";

/** A block that may be a network's, its host bits cleared: /16 to /28, and no addresses that hosts cannot have. */
export function requireNetworkBlock(network: "Vpc" | "Subnet", text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw malformedCidr("cidrBlock", text);
  if (cidr.prefix < 16 || cidr.prefix > 28 || unusable.some((range) => cidrsOverlap(range, cidr))) throw invalidNetworkRange(network, formatCidr(cidr));
  return cidr;
}

/** The block of a row. */
export function blockOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`the row holds no CIDR block: ${text}`);
  return cidr;
}

/** The IPv6 block of a row. */
export function ipv6BlockOf(text: string): Ipv6Block {
  const block = parseIpv6Block(text);
  if (block === undefined) throw new Error(`the row holds no IPv6 block: ${text}`);
  return block;
}

/** Whether `inner` lies wholly in `outer`. */
export function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner.prefix >= outer.prefix && cidrContains(outer, inner.base);
}

/** The same of two texts in rows, of either family; a block of IPv4 is in none of IPv6. */
export function isRowWithin(inner: string, outer: string): boolean {
  if (isIpv6Text(inner) !== isIpv6Text(outer)) return false;
  return isIpv6Text(inner) ? isIpv6BlockWithin(ipv6BlockOf(inner), ipv6BlockOf(outer)) : isWithin(blockOf(inner), blockOf(outer));
}

/** This network, loopback, link-local, and everything from multicast on. */
const unusable = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"].map(blockOf);

/** Ranges that do not mix with each other; a block of none of them goes with all. */
const families = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16"].map(blockOf);

function familyOf(block: Cidr): number {
  return families.findIndex((family) => isWithin(block, family));
}

/** Fails when the block may not be in a VPC whose first block is `primary`. */
export function requireSameFamily(block: Cidr, primary: Cidr): void {
  const family = familyOf(block);
  if (family !== -1 && family !== familyOf(primary)) throw restrictedBlock(formatCidr(block));
  if (isWithin(block, blockOf("172.31.0.0/16")) && familyOf(primary) === 1) throw restrictedBlock(formatCidr(block));
  const low = blockOf("10.0.0.0/15");
  if (isWithin(primary, low) && cidrsOverlap(block, blockOf("10.0.0.0/16"))) throw restrictedBlock(formatCidr(block));
}
