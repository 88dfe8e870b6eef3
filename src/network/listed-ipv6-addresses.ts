/** Which IPv6 addresses and prefixes interfaces have. */
import type { InterfaceId } from "../base/ids.ts";
import type { NetworkTables } from "../store/network-tables.ts";
import { isEmptyTable, prepare, prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

/** The addresses of each of the interfaces that has any, the first one first. */
export async function listIpv6Addresses(tx: Tx, ids: readonly InterfaceId[]): Promise<ReadonlyMap<InterfaceId, readonly string[]>> {
  const rows = await listIpv6Rows(tx, ids);
  return new Map([...Map.groupBy(rows, (row) => row.interface_id)].map(([id, own]) => [id, own.map(({ address }) => address)]));
}

type Ipv6AddressRow = NetworkTables["interface_ipv6_addresses"];

/** Up to so many interfaces are looked up by id; for more, all rows are read. */
const byIdLimit = 20;

export async function listIpv6Rows(tx: Tx, ids: readonly InterfaceId[]): Promise<Ipv6AddressRow[]> {
  if (ids.length === 0 || (await isEmptyTable(tx, "interface_ipv6_addresses"))) return [];
  if (ids.length <= byIdLimit) return selectOf(tx, ids);
  const wanted = new Set(ids);
  return (await selectAll(tx, {})).filter((row) => wanted.has(row.interface_id));
}

const selectOf = prepareForList((db, ids: readonly InterfaceId[]) => db.selectFrom("interface_ipv6_addresses").selectAll().where("interface_id", "in", ids).orderBy("position"));
const selectAll = prepare((db) => db.selectFrom("interface_ipv6_addresses").selectAll().orderBy("position"));

/** The prefixes of each of the interfaces that has any. */
export async function listIpv6Prefixes(tx: Tx, ids: readonly InterfaceId[]): Promise<ReadonlyMap<InterfaceId, readonly string[]>> {
  if (ids.length === 0 || (await isEmptyTable(tx, "interface_ipv6_prefixes"))) return new Map();
  const wanted = new Set(ids);
  const rows = (await selectAllPrefixes(tx, {})).filter((row) => wanted.has(row.interface_id));
  return new Map([...Map.groupBy(rows, (row) => row.interface_id)].map(([id, own]) => [id, own.map(({ prefix }) => prefix)]));
}

const selectAllPrefixes = prepare((db) => db.selectFrom("interface_ipv6_prefixes").select(["interface_id", "prefix"]).orderBy("prefix"));

/** How many IPv6 addresses the interface has; a prefix counts as one. */
export async function countIpv6(tx: Tx, id: InterfaceId): Promise<number> {
  return ((await listIpv6Addresses(tx, [id])).get(id)?.length ?? 0) + ((await listIpv6Prefixes(tx, [id])).get(id)?.length ?? 0);
}
