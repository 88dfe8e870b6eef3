/** The private addresses of interfaces, primary and secondary, each with the public address that stands for it (facts §7.4, §7.5). */
import { invalidParameterValue, privateAddressAssigned, privateAddressInUse } from "../base/api-error.ts";
import type { InterfaceId, SubnetId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { ElasticIpRow, NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import { isEmptyTable, prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { announceAddresses } from "./announce-addresses.ts";
import { chooseFreeAddress, findHolder, requireInSubnet } from "./address.ts";
import { dissolveAt } from "./elastic-ip.ts";

export interface InterfaceAddress {
  readonly privateAddress: string;
  readonly primary: boolean;
  /** Its Elastic IP address, else the automatic one. */
  readonly publicAddress: string | undefined;
  readonly elasticIp: ElasticIpRow | undefined;
}

/** The addresses of each of the interfaces, the primary one first. */
export async function listInterfaceAddresses(tx: Tx, rows: readonly NetworkInterfaceRow[]): Promise<ReadonlyMap<InterfaceId, readonly InterfaceAddress[]>> {
  const elastic = await readElasticIps(tx, rows);
  const secondary = await readSecondary(tx, rows);
  return new Map(
    rows.map((row) => {
      const toAddress = (privateAddress: string, automatic: string | null): InterfaceAddress => {
        const elasticIp = elastic.get(row.id)?.find((each) => each.private_address === privateAddress);
        return { privateAddress, primary: privateAddress === row.private_address, publicAddress: elasticIp?.public_address ?? automatic ?? undefined, elasticIp };
      };
      return [row.id, [toAddress(row.private_address, row.public_address), ...(secondary.get(row.id) ?? []).map((each) => toAddress(each.address, null))]];
    }),
  );
}

/** Up to so many interfaces are looked up by id; for more, all rows of their accounts are read. */
const byIdLimit = 20;

async function readElasticIps(tx: Tx, rows: readonly NetworkInterfaceRow[]): Promise<Map<InterfaceId | null, ElasticIpRow[]>> {
  if (rows.length === 0 || (await isEmptyTable(tx, "elastic_ips"))) return new Map();
  const found = await (rows.length <= byIdLimit ? selectElasticIpsOf(tx, idsOf(rows)) : selectElasticIps(tx, accountsOf(rows)));
  return Map.groupBy(found, (row) => row.interface_id);
}

const selectElasticIpsOf = prepareForList((db, ids: readonly InterfaceId[]) => db.selectFrom("elastic_ips").selectAll().where("interface_id", "in", ids));
const selectElasticIps = prepareForList((db, accounts: readonly string[]) => db.selectFrom("elastic_ips").selectAll().where("account", "in", accounts));

async function readSecondary(tx: Tx, rows: readonly NetworkInterfaceRow[]): Promise<Map<InterfaceId, { interface_id: InterfaceId; address: string }[]>> {
  if (rows.length === 0 || (await isEmptyTable(tx, "interface_addresses"))) return new Map();
  const found = await (rows.length <= byIdLimit ? selectSecondaryOf(tx, idsOf(rows)) : selectSecondary(tx, accountsOf(rows)));
  return Map.groupBy(found, (row) => row.interface_id);
}

const selectSecondaryOf = prepareForList((db, ids: readonly InterfaceId[]) => oldestFirst(db).where("interface_id", "in", ids));
const selectSecondary = prepareForList((db, accounts: readonly string[]) =>
  oldestFirst(db).where("interface_id", "in", db.selectFrom("network_interfaces").select("id").where("account", "in", accounts)),
);
const oldestFirst = (db: Tx["db"]) => db.selectFrom("interface_addresses").select(["interface_id", "address"]).where("prefix", "is", null).orderBy("created_at").orderBy("address");

const idsOf = (rows: readonly NetworkInterfaceRow[]) => rows.map((row) => row.id);
const accountsOf = (rows: readonly NetworkInterfaceRow[]) => [...new Set(rows.map((row) => row.account))];

export async function listSecondaryAddresses(tx: Tx, id: InterfaceId): Promise<string[]> {
  const rows = await tx.db.selectFrom("interface_addresses").select("address").where("interface_id", "=", id).where("prefix", "is", null).orderBy("created_at").orderBy("address").execute();
  return rows.map((row) => row.address);
}

/** Secondary addresses that a request wants: those named, or a number of any. */
export interface SecondaryRequest {
  readonly addresses: readonly string[];
  readonly count: number;
}

/** Fails when an address is not of the subnet, given twice, or another interface's. */
export async function requireFreeSecondary(tx: Tx, subnet: SubnetRow, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    requireInSubnet(subnet, address);
    if ((await findHolder(tx, subnet.id, address)) !== undefined) throw privateAddressInUse(address);
  }
  if (new Set(addresses).size < addresses.length) throw invalidParameterValue("A private address was specified more than once.");
}

/** Fails unless the interface may have the addresses; `reassign` lets it take another one's secondary addresses, never a primary one. */
export async function requireAssignable(tx: Tx, subnet: SubnetRow, addresses: readonly string[], reassign: boolean): Promise<void> {
  for (const address of addresses) {
    requireInSubnet(subnet, address);
    const holder = await findHolder(tx, subnet.id, address);
    if (holder?.primary === true || holder?.inPrefix === true) throw privateAddressInUse(address);
    if (holder !== undefined && !reassign) throw privateAddressAssigned(address);
  }
}

/** Gives the addresses to the interface, taking them and their Elastic IP addresses from others. Returns all that it got. */
export async function assignSecondary(tx: Tx, nic: NetworkInterfaceRow, subnet: SubnetRow, request: SecondaryRequest, random: Random, now: number): Promise<string[]> {
  const chosen = [...new Set(request.addresses)];
  if (chosen.length + request.count === 0) return [];
  for (let index = 0; index < request.count; index++) chosen.push(await chooseFreeAddress(tx, subnet, random, [...chosen, nic.private_address]));
  for (const address of chosen) await takeOver(tx, nic, subnet.id, address, now);
  await announceAddresses(tx, nic, now);
  return chosen;
}

async function takeOver(tx: Tx, { id }: NetworkInterfaceRow, subnetId: SubnetId, address: string, now: number): Promise<void> {
  const standing = tx.db.selectFrom("interface_addresses").select("interface_id").where("subnet_id", "=", subnetId).where("address", "=", address);
  const previous = await standing.executeTakeFirst();
  if (previous?.interface_id === id) return;
  if (previous !== undefined) {
    const moved = tx.db.updateTable("elastic_ips").set({ interface_id: id }).where("interface_id", "=", previous.interface_id);
    await moved.where("private_address", "=", address).execute();
    await tx.db.deleteFrom("interface_addresses").where("subnet_id", "=", subnetId).where("address", "=", address).execute();
    await announceAddresses(tx, await tx.db.selectFrom("network_interfaces").selectAll().where("id", "=", previous.interface_id).executeTakeFirstOrThrow(), now);
  }
  await tx.db.insertInto("interface_addresses").values({ interface_id: id, address, subnet_id: subnetId, created_at: now, prefix: null }).execute();
}

/** Fails unless all are secondary addresses of the interface. */
export async function requireSecondary(tx: Tx, nic: NetworkInterfaceRow, addresses: readonly string[]): Promise<void> {
  const secondary = await listSecondaryAddresses(tx, nic.id);
  const foreign = addresses.filter((address) => !secondary.includes(address));
  if (foreign.length > 0) throw invalidParameterValue(`Some of [${foreign.join(", ")}] are not assigned to interface ${nic.id} as secondary addresses`);
}

/** Takes the addresses away; their Elastic IP addresses stay allocated. */
export async function unassignSecondary(tx: Tx, nic: NetworkInterfaceRow, addresses: readonly string[], now: number): Promise<void> {
  for (const address of addresses) await dissolveAt(tx, nic.id, address);
  await tx.db.deleteFrom("interface_addresses").where("interface_id", "=", nic.id).where("address", "in", addresses).execute();
  await announceAddresses(tx, nic, now);
}
