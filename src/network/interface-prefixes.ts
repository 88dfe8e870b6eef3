/**
 * Prefix delegation: blocks of 16 addresses that an interface has as a whole (facts §7.4). Each address of them is a row like any secondary one, so that it is
 * given to nobody else, counts in its subnet and reaches hosts in the same way; only requests and answers speak of the block.
 */
import { insufficientBlocks, invalidParameterValue, parametersExclude, privateAddressInUse } from "../base/api-error.ts";
import type { InterfaceId } from "../base/ids.ts";
import { cidrSize, formatCidr, formatIpv4, isReservedInSubnet, parseCidr, type Cidr } from "../base/ipv4.ts";
import { randomNumber, type Random } from "../base/random.ts";
import type { NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import { isEmptyTable, prepare, prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { announceAddresses } from "./announce-addresses.ts";
import { blockOf, isWithin } from "./cidr-block.ts";
import type { SecondaryRequest } from "./interface-addresses.ts";

const prefixLength = 28;

/** Prefixes that a request wants: those named, or a number of any. */
export interface PrefixRequest {
  readonly prefixes: readonly string[];
  readonly count: number;
}

interface PrefixMembers {
  readonly Ipv4Prefixes?: readonly (string | { readonly Ipv4Prefix?: string | undefined })[] | undefined;
  readonly Ipv4PrefixCount?: number | undefined;
}

export function parsePrefixes({ Ipv4Prefixes: listed = [], Ipv4PrefixCount: count }: PrefixMembers): PrefixRequest {
  const texts = listed.map((each) => (typeof each === "string" ? each : (each.Ipv4Prefix ?? "")));
  return toPrefixRequest("ipv4", texts, count, (text) => {
    const block = parseCidr(text);
    if (block?.prefix !== prefixLength) throw invalidParameterValue(`Value (${text}) for parameter ipv4Prefix is invalid. Expected a /${prefixLength} block.`);
    return formatCidr(block);
  });
}

/** `toPrefix` gives a prefix its one spelling. Fails for prefixes by name and by number, and for no number. */
export function toPrefixRequest(family: "ipv4" | "ipv6", listed: readonly string[], count: number | undefined, toPrefix: (text: string) => string): PrefixRequest {
  if (listed.length > 0 && count !== undefined) throw parametersExclude(`${family}PrefixCount`, `${family}Prefixes`);
  if (count !== undefined && (!Number.isInteger(count) || count < 1)) throw invalidParameterValue(`Value (${count}) for parameter ${family}PrefixCount is invalid.`);
  return { prefixes: [...new Set(listed.map(toPrefix))], count: count ?? 0 };
}

/** Fails for a new interface's other addresses that its prefixes leave no room for: secondary ones, or a primary one in a prefix. */
export function requireBesidePrefixes({ prefixes, count }: PrefixRequest, primary: string | undefined, secondary: SecondaryRequest): void {
  if (primary !== undefined && addressesIn(prefixes).includes(primary)) throw invalidParameterValue(`The address ${primary} is in one of the prefixes of the request`);
  if (prefixes.length + count > 0 && secondary.addresses.length + secondary.count > 0) throw parametersExclude("ipv4Prefixes", "privateIpAddresses");
}

/** Fails unless each of the prefixes lies in the subnet and nobody has any of its addresses. */
export async function requireFreePrefixes(tx: Tx, subnet: SubnetRow, { prefixes }: PrefixRequest): Promise<void> {
  if (prefixes.length === 0) return;
  const taken = await readTaken(tx, subnet);
  for (const prefix of prefixes) {
    const block = blockOf(prefix);
    if (!isWithin(block, blockOf(subnet.cidr))) throw invalidParameterValue(`The prefix ${prefix} does not fall within the subnet's address range`);
    if (addressesOf(block).some((address) => isReservedInSubnet(blockOf(subnet.cidr), address))) throw invalidParameterValue(`The prefix ${prefix} has addresses of the subnet's reserved ones`);
    const held = addressesIn([prefix]).find((address) => taken.has(address));
    if (held !== undefined) throw privateAddressInUse(held);
  }
}

/** Gives the prefixes to the interface, those named and free ones. Returns all that it got. */
export async function assignPrefixes(tx: Tx, nic: NetworkInterfaceRow, subnet: SubnetRow, request: PrefixRequest, random: Random, now: number): Promise<string[]> {
  if (request.prefixes.length + request.count === 0) return [];
  const taken = await readTaken(tx, subnet);
  const free = (block: Cidr) => addressesOf(block).every((address) => !isReservedInSubnet(blockOf(subnet.cidr), address) && !taken.has(formatIpv4(address)));
  const assigned: string[] = [];
  for (let index = 0; index < request.prefixes.length + request.count; index += 1) {
    const prefix = request.prefixes[index] ?? choosePrefix(subnet, free, random);
    const addresses = addressesIn([prefix]);
    await tx.db.insertInto("interface_addresses").values(addresses.map((address) => ({ interface_id: nic.id, address, subnet_id: subnet.id, created_at: now, prefix }))).execute();
    for (const address of addresses) taken.add(address);
    assigned.push(prefix);
  }
  await announceAddresses(tx, nic, now);
  return assigned;
}

/** The first free one from anywhere in the subnet on. */
function choosePrefix(subnet: SubnetRow, free: (block: Cidr) => boolean, random: Random): string {
  const outer = blockOf(subnet.cidr);
  const count = cidrSize(outer) / cidrSize({ base: 0, prefix: prefixLength });
  const start = randomNumber(random);
  for (let step = 0; step < count; step += 1) {
    const block = { base: outer.base + ((start + step) % count) * 16, prefix: prefixLength };
    if (free(block)) return formatCidr(block);
  }
  throw insufficientBlocks(subnet.id);
}

export function addressesIn(prefixes: readonly string[]): readonly string[] {
  return prefixes.flatMap((prefix) => addressesOf(blockOf(prefix)).map(formatIpv4));
}

function addressesOf(block: Cidr): readonly number[] {
  return Array.from({ length: cidrSize(block) }, (_none, index) => block.base + index);
}

async function readTaken(tx: Tx, { id }: SubnetRow): Promise<Set<string>> {
  const primary = await tx.db.selectFrom("network_interfaces").select("private_address as address").where("subnet_id", "=", id).execute();
  const further = await tx.db.selectFrom("interface_addresses").select("address").where("subnet_id", "=", id).execute();
  return new Set([...primary, ...further].map(({ address }) => address));
}

/** Up to so many interfaces are looked up by id; for more, all prefixes are read. */
const byIdLimit = 20;

/** The prefixes of each of the interfaces that has any. */
export async function listPrefixes(tx: Tx, ids: readonly InterfaceId[]): Promise<ReadonlyMap<InterfaceId, readonly string[]>> {
  if (ids.length === 0 || (await isEmptyTable(tx, "interface_addresses"))) return new Map();
  const [rows, wanted] = [await (ids.length <= byIdLimit ? selectOf(tx, ids) : selectAll(tx, {})), new Set(ids)];
  const found = rows.filter((row) => wanted.has(row.interface_id));
  return new Map([...Map.groupBy(found, (row) => row.interface_id)].map(([id, same]) => [id, same.flatMap(({ prefix }) => prefix ?? [])]));
}

const selectOf = prepareForList((db, ids: readonly InterfaceId[]) => selectPrefixes(db).where("interface_id", "in", ids));
const selectAll = prepare((db) => selectPrefixes(db));

function selectPrefixes(db: Tx["db"]) {
  return db.selectFrom("interface_addresses").select(["interface_id", "prefix"]).distinct().where("prefix", "is not", null).orderBy("prefix");
}

/** Fails unless all are the interface's. */
export async function requirePrefixes(tx: Tx, { id }: NetworkInterfaceRow, prefixes: readonly string[]): Promise<void> {
  const own = (await listPrefixes(tx, [id])).get(id) ?? [];
  const foreign = prefixes.filter((prefix) => !own.includes(prefix));
  if (foreign.length > 0) throw invalidParameterValue(`Some of [${foreign.join(", ")}] are not assigned to interface ${id}`);
}

export async function unassignPrefixes(tx: Tx, nic: NetworkInterfaceRow, prefixes: readonly string[], now: number): Promise<void> {
  if (prefixes.length === 0) return;
  await tx.db.deleteFrom("interface_addresses").where("interface_id", "=", nic.id).where("prefix", "in", prefixes).execute();
  await announceAddresses(tx, nic, now);
}
