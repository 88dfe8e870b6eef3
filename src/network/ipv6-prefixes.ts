/**
 * Prefix delegation of IPv6: blocks of 2^48 addresses that an interface has as a whole (facts §7.4). Unlike those of IPv4 (`interface-prefixes.ts`) they are no
 * rows address by address; hosts are told the block.
 */
import { insufficientBlocks, invalidParameterValue, privateAddressInUse, subnetHasNoIpv6 } from "../base/api-error.ts";
import { formatIpv6Block, ipv6BlockSize, isIpv6AddressIn, isIpv6BlockWithin, parseIpv6, parseIpv6Block, type Ipv6Block } from "../base/ipv6.ts";
import type { SubnetId } from "../base/ids.ts";
import { randomNumber, type Random } from "../base/random.ts";
import type { NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import { isEmptyTable } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { announceAddresses } from "./announce-addresses.ts";
import { ipv6BlockOf } from "./cidr-block.ts";
import { toPrefixRequest, type PrefixRequest } from "./interface-prefixes.ts";
import { listIpv6Prefixes } from "./listed-ipv6-addresses.ts";

const prefixLength = 80;

interface PrefixMembers {
  readonly Ipv6Prefixes?: readonly (string | { readonly Ipv6Prefix?: string | undefined })[] | undefined;
  readonly Ipv6PrefixCount?: number | undefined;
}

export function parseIpv6Prefixes({ Ipv6Prefixes: listed = [], Ipv6PrefixCount: count }: PrefixMembers): PrefixRequest {
  const texts = listed.map((each) => (typeof each === "string" ? each : (each.Ipv6Prefix ?? "")));
  return toPrefixRequest("ipv6", texts, count, (text) => {
    const block = parseIpv6Block(text);
    if (block?.prefix !== prefixLength) throw invalidParameterValue(`Value (${text}) for parameter ipv6Prefix is invalid. Expected a /${prefixLength} block.`);
    return formatIpv6Block(block);
  });
}

/** Fails for an address of the request that is in one of its prefixes. */
export function requireBesideIpv6Prefixes({ prefixes }: PrefixRequest, addresses: readonly string[]): void {
  const inside = addresses.find((address) => prefixes.some((prefix) => isIpv6AddressIn(prefix, address)));
  if (inside !== undefined) throw invalidParameterValue(`The address ${inside} is in one of the prefixes of the request`);
}

/** Fails unless the subnet has IPv6, each of the prefixes lies in its block, and nobody has any of its addresses. */
export async function requireFreeIpv6Prefixes(tx: Tx, subnet: SubnetRow, { prefixes, count }: PrefixRequest): Promise<void> {
  if (prefixes.length + count === 0) return;
  if (subnet.ipv6_cidr === null) throw subnetHasNoIpv6(subnet.id);
  const [outer, taken] = [ipv6BlockOf(subnet.ipv6_cidr), await readTaken(tx, subnet)];
  for (const prefix of prefixes) {
    const block = ipv6BlockOf(prefix);
    if (!isIpv6BlockWithin(block, outer)) throw invalidParameterValue(`The prefix ${prefix} does not fall within the subnet's address range`);
    if (isReserved(outer, block)) throw invalidParameterValue(`The prefix ${prefix} has addresses of the subnet's reserved ones`);
    if (taken.has(block.base)) throw privateAddressInUse(prefix);
  }
}

/** Gives the prefixes to the interface, those named and free ones without the addresses `besides`. Returns all that it got. */
export async function assignIpv6Prefixes(tx: Tx, nic: NetworkInterfaceRow, subnet: SubnetRow, request: PrefixRequest, besides: readonly string[], random: Random, now: number): Promise<string[]> {
  if (request.prefixes.length + request.count === 0) return [];
  const taken = await readTaken(tx, subnet);
  for (const base of [...request.prefixes.map((prefix) => ipv6BlockOf(prefix).base), ...besides.map(baseAround)]) taken.add(base);
  const assigned = [...request.prefixes];
  for (let index = 0; index < request.count; index += 1) {
    const block = chooseBlock(subnet, taken, random);
    taken.add(block.base);
    assigned.push(formatIpv6Block(block));
  }
  await tx.db.insertInto("interface_ipv6_prefixes").values(assigned.map((prefix) => ({ prefix, interface_id: nic.id, subnet_id: subnet.id }))).execute();
  await announceAddresses(tx, nic, now);
  return assigned;
}

/** The first free one from anywhere in the subnet on. */
function chooseBlock({ id, ipv6_cidr: cidr }: SubnetRow, taken: ReadonlySet<bigint>, random: Random): Ipv6Block {
  const outer = ipv6BlockOf(cidr ?? "");
  const size = ipv6BlockSize({ prefix: prefixLength });
  const count = ipv6BlockSize(outer) / size;
  const start = BigInt(randomNumber(random));
  for (let step = 0n; step < count; step += 1n) {
    const block = { base: outer.base + ((start + step) % count) * size, prefix: prefixLength };
    if (!isReserved(outer, block) && !taken.has(block.base)) return block;
  }
  throw insufficientBlocks(id);
}

/** The first and the last block have addresses that no interface gets. */
function isReserved(outer: Ipv6Block, block: Ipv6Block): boolean {
  return block.base === outer.base || block.base + ipv6BlockSize(block) === outer.base + ipv6BlockSize(outer);
}

/** Where the blocks begin in which somebody has an address or all of them. */
async function readTaken(tx: Tx, { id }: SubnetRow): Promise<Set<bigint>> {
  const addresses = await tx.db.selectFrom("interface_ipv6_addresses").select("address").where("subnet_id", "=", id).execute();
  return new Set([...addresses.map(({ address }) => baseAround(address)), ...(await listPrefixesOf(tx, id)).map((prefix) => ipv6BlockOf(prefix).base)]);
}

function baseAround(address: string): bigint {
  return ((parseIpv6(address) ?? 0n) >> BigInt(128 - prefixLength)) << BigInt(128 - prefixLength);
}

/** Whether an interface of the subnet has the address as part of a prefix. */
export async function isDelegated(tx: Tx, subnet: SubnetId, address: string): Promise<boolean> {
  return (await listPrefixesOf(tx, subnet)).some((prefix) => isIpv6AddressIn(prefix, address));
}

async function listPrefixesOf(tx: Tx, subnet: SubnetId): Promise<readonly string[]> {
  if (await isEmptyTable(tx, "interface_ipv6_prefixes")) return [];
  return (await tx.db.selectFrom("interface_ipv6_prefixes").select("prefix").where("subnet_id", "=", subnet).execute()).map(({ prefix }) => prefix);
}

/** Fails unless all are the interface's. */
export async function requireIpv6Prefixes(tx: Tx, { id }: NetworkInterfaceRow, prefixes: readonly string[]): Promise<void> {
  const own = (await listIpv6Prefixes(tx, [id])).get(id) ?? [];
  const foreign = prefixes.filter((prefix) => !own.includes(prefix));
  if (foreign.length > 0) throw invalidParameterValue(`Some of [${foreign.join(", ")}] are not assigned to interface ${id}`);
}

export async function unassignIpv6Prefixes(tx: Tx, nic: NetworkInterfaceRow, prefixes: readonly string[], now: number): Promise<void> {
  if (prefixes.length === 0) return;
  await tx.db.deleteFrom("interface_ipv6_prefixes").where("interface_id", "=", nic.id).where("prefix", "in", prefixes).execute();
  await announceAddresses(tx, nic, now);
}
