/** The IPv6 addresses of interfaces. Each is of its subnet's block and is one in the whole installation; the oldest stands first (facts §7.4). */
import { invalidParameterCombination, invalidParameterValue, ipv6AddressLimitExceeded, privateAddressInUse, subnetHasNoIpv6 } from "../base/api-error.ts";
import { formatIpv6, ipv6BlockContains, ipv6BlockSize, parseIpv6, type Ipv6Block } from "../base/ipv6.ts";
import { randomHex, type Random } from "../base/random.ts";
import type { NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { announceAddresses } from "./announce-addresses.ts";
import { ipv6BlockOf } from "./cidr-block.ts";
import { isDelegated } from "./ipv6-prefixes.ts";
import { listIpv6Rows } from "./listed-ipv6-addresses.ts";

/** Addresses that a request wants: those named, or a number of any; undefined: as the subnet says. */
export interface Ipv6Request {
  readonly addresses: readonly string[];
  readonly count: number | undefined;
}

interface RequestMembers {
  readonly Ipv6AddressCount?: number | undefined;
  readonly Ipv6Addresses?: readonly string[] | undefined;
}

/** The addresses in their one spelling. Fails for malformed and repeated ones, and for a number besides. */
export function parseIpv6Request({ Ipv6AddressCount: count, Ipv6Addresses: listed = [] }: RequestMembers): Ipv6Request {
  if (listed.length > 0 && count !== undefined) throw invalidParameterCombination("IPv6 addresses and IPv6 address count may not be specified on the same request");
  if (count !== undefined && (!Number.isInteger(count) || count < 0)) throw invalidParameterValue(`Value (${count}) for parameter ipv6AddressCount is invalid.`);
  const addresses = listed.map((text) => {
    const address = parseIpv6(text);
    if (address === undefined) throw invalidParameterValue(`Value (${text}) for parameter ipv6Addresses is invalid. Invalid IPv6 address.`);
    return formatIpv6(address);
  });
  if (new Set(addresses).size < addresses.length) throw invalidParameterValue("An IPv6 address was specified more than once.");
  return { addresses, count };
}

/** How many addresses a new interface of the subnet gets by the request. */
export function wantedIpv6Count(subnet: SubnetRow, { addresses, count }: Ipv6Request): number {
  if (addresses.length > 0) return addresses.length;
  return count ?? (subnet.assign_ipv6_on_creation === 1 ? 1 : 0);
}

/** Fails when the subnet cannot give what the request wants: without a block, outside it, or what another interface has. */
export async function requireFreeIpv6(tx: Tx, subnet: SubnetRow, request: Ipv6Request): Promise<void> {
  if (wantedIpv6Count(subnet, request) === 0) return;
  if (subnet.ipv6_cidr === null) throw subnetHasNoIpv6(subnet.id);
  const block = ipv6BlockOf(subnet.ipv6_cidr);
  for (const text of request.addresses) {
    const address = parseIpv6(text);
    if (address === undefined || !ipv6BlockContains(block, address)) throw invalidParameterValue(`Address ${text} does not fall within the subnet's address range`);
    if (isReserved(block, address)) throw invalidParameterValue(`Address ${text} is in subnet's reserved address range`);
    if (await isTaken(tx, subnet, text)) throw privateAddressInUse(text);
  }
}

/** Fails for more addresses and prefixes than interfaces of the instance's type have. */
export function requireIpv6Limit(limit: number, count: number): void {
  if (count > limit) throw ipv6AddressLimitExceeded(limit);
}

/** The first four and the last, as of IPv4 (facts §7.1). */
function isReserved(block: Ipv6Block, address: bigint): boolean {
  const offset = address - block.base;
  return offset < 4n || offset === ipv6BlockSize(block) - 1n;
}

async function isTaken(tx: Tx, subnet: SubnetRow, address: string): Promise<boolean> {
  const holder = await tx.db.selectFrom("interface_ipv6_addresses").select("interface_id").where("address", "=", address).executeTakeFirst();
  return holder !== undefined || isDelegated(tx, subnet.id, address);
}

/** Gives the interface what the request wants behind what it has. Returns the new addresses. */
export async function assignIpv6(tx: Tx, nic: NetworkInterfaceRow, subnet: SubnetRow, request: Ipv6Request, random: Random, now: number): Promise<string[]> {
  const count = wantedIpv6Count(subnet, request);
  if (count === 0) return [];
  const standing = await listIpv6Rows(tx, [nic.id]);
  const position = Math.max(-1, ...standing.map((row) => row.position)) + 1;
  const chosen = [...request.addresses];
  while (chosen.length < count) chosen.push(await chooseFree(tx, subnet, random, chosen));
  const rows = chosen.map((address, index) => ({ interface_id: nic.id, address, subnet_id: subnet.id, position: position + index }));
  await tx.db.insertInto("interface_ipv6_addresses").values(rows).execute();
  await announceAddresses(tx, nic, now);
  return chosen;
}

async function chooseFree(tx: Tx, subnet: SubnetRow, random: Random, besides: readonly string[]): Promise<string> {
  const block = ipv6BlockOf(subnet.ipv6_cidr ?? "");
  for (;;) {
    const address = block.base + BigInt(`0x${randomHex(random, 8)}`);
    const text = formatIpv6(address);
    if (!isReserved(block, address) && !besides.includes(text) && !(await isTaken(tx, subnet, text))) return text;
  }
}

/** Fails unless the interface has all of the addresses. */
export async function requireIpv6Of(tx: Tx, nic: NetworkInterfaceRow, addresses: readonly string[]): Promise<void> {
  const own = (await listIpv6Rows(tx, [nic.id])).map(({ address }) => address);
  const foreign = addresses.filter((address) => !own.includes(address));
  if (foreign.length > 0) throw invalidParameterValue(`Some of [${foreign.join(", ")}] are not assigned to interface ${nic.id}`);
}

export async function unassignIpv6(tx: Tx, nic: NetworkInterfaceRow, addresses: readonly string[], now: number): Promise<void> {
  await tx.db.deleteFrom("interface_ipv6_addresses").where("interface_id", "=", nic.id).where("address", "in", addresses).execute();
  await announceAddresses(tx, nic, now);
}
