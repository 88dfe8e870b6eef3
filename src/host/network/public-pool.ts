/** Finds a block of public addresses that this machine has no other use for. */
import { CapabilityError } from "../../base/errors.ts";
import { cidrSize, cidrsOverlap, formatCidr, formatIpv4, parseCidr, type Cidr } from "../../base/ipv4.ts";
import { connectBlock } from "../protocol/stream.ts";
import { ipJson } from "./command.ts";
import { listField, numberField, stringField } from "./json-field.ts";

/** 198.18.0.0/15 is set aside for tests within a site and never routed outside. */
const poolSource: Cidr = { base: 0xc6120000, prefix: 15 };
const poolPrefix = 22;

/** A free /22 of 198.18.0.0/15 that overlaps none of the machine's addresses and routes and none of `avoid`. */
export async function choosePublicPool(options: { readonly avoid?: readonly string[] } = {}): Promise<string> {
  const [addresses, routes] = await Promise.all([ipJson(["-4", "address", "show"]), ipJson(["-4", "route", "show", "table", "all"])]);
  const avoided = [connectBlock, ...(options.avoid ?? [])].flatMap((text) => parseCidr(text) ?? []);
  return formatCidr(chooseFreeBlock([...avoided, ...addresses.flatMap(blocksOfLink), ...routes.flatMap(blockOfRoute)]));
}

/** The address by which guests reach the services of the installation: the fourth of the pool, of whose first ones no guest ever has any. */
export function serviceAddressOf(pool: string): string {
  const block = parseCidr(pool);
  if (block === undefined) throw new Error(`"${pool}" is no address block`);
  return formatIpv4(block.base + 3);
}

/** The first /22 of the source that overlaps nothing in use. */
export function chooseFreeBlock(inUse: readonly Cidr[]): Cidr {
  const size = cidrSize({ base: 0, prefix: poolPrefix });
  for (let base = poolSource.base; base < poolSource.base + cidrSize(poolSource); base += size) {
    const block = { base, prefix: poolPrefix };
    if (!inUse.some((other) => cidrsOverlap(block, other))) return block;
  }
  throw new CapabilityError("every block of 198.18.0.0/15 is in use on this machine", "Remove the routes within 198.18.0.0/15 (`ip route`) or name a public pool in the topology.");
}

function blocksOfLink(link: unknown): readonly Cidr[] {
  return listField(link, "addr_info").flatMap((address) => parseCidr(`${stringField(address, "local")}/${numberField(address, "prefixlen")}`) ?? []);
}

function blockOfRoute(route: unknown): readonly Cidr[] {
  const to = stringField(route, "dst") ?? "default";
  if (to === "default") return [];
  const block = parseCidr(to.includes("/") ? to : `${to}/32`);
  return block === undefined || block.prefix === 0 ? [] : [block];
}
