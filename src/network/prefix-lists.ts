/**
 * Managed prefix lists as rules and routes use them: the account's own ones, and those that EC2 itself has in every region (facts §7.11). EC2's name the
 * addresses of services; most of these do not exist here, so their lists are empty: a rule or a route that names one is kept, counted and changes no packet.
 */
import { malformedId, notFound } from "../base/api-error.ts";
import { isId } from "../base/ids.ts";
import { regions } from "../base/regions.ts";
import { connectBlock } from "../host/protocol/stream.ts";
import type { RouteRow } from "../store/network-tables.ts";
import type { PrefixListEntryRow, PrefixListRow } from "../store/prefix-list-tables.ts";
import { prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { isRowWithin } from "./cidr-block.ts";
import type { NetworkOwner } from "./vpc.ts";

/** What a rule or a route that names it must know. */
export interface PrefixList extends Pick<PrefixListRow, "name" | "family"> {
  readonly id: string;
  /** As how many rules or routes a reference counts. */
  readonly weight: number;
  /** Absent: EC2's own. */
  readonly row?: PrefixListRow;
  /** Of EC2's own. */
  readonly blocks?: readonly string[];
}

interface ManagedList extends Pick<PrefixList, "family" | "weight" | "blocks"> {
  readonly name: (region: string) => string;
}

const managedLists: readonly ManagedList[] = [
  { name: (region) => `com.amazonaws.${region}.s3`, family: "IPv4", weight: 1 },
  { name: (region) => `com.amazonaws.${region}.dynamodb`, family: "IPv4", weight: 1 },
  { name: (region) => `com.amazonaws.${region}.ec2-instance-connect`, family: "IPv4", weight: 1, blocks: [connectBlock] },
  { name: (region) => `com.amazonaws.${region}.ipv6.ec2-instance-connect`, family: "IPv6", weight: 1 },
  { name: () => "com.amazonaws.global.cloudfront.origin-facing", family: "IPv4", weight: 55 },
];

/** EC2's own lists in the region; their ids are the same in every installation. */
export function listManagedPrefixLists(region: string): PrefixList[] {
  return managedLists.map(({ name, family, weight, blocks = [] }) => ({ id: `pl-${digitsOf(`${region} ${name(region)}`)}`, name: name(region), family, weight, blocks }));
}

const managedBlocks = new Map(regions.flatMap(({ name }) => listManagedPrefixLists(name)).map(({ id, blocks = [] }) => [id, blocks]));

/** Eight hexadecimal digits that the text always has (FNV-1a). */
function digitsOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

/** The account's lists in the region, and EC2's own. */
export async function listPrefixLists(tx: Tx, { account, region }: NetworkOwner): Promise<PrefixList[]> {
  const rows = await tx.db.selectFrom("prefix_lists").selectAll().where("account", "=", account).where("region", "=", region).execute();
  return [...rows.map((row) => ({ id: row.id, name: row.name, family: row.family, weight: row.max_entries, row })), ...listManagedPrefixLists(region)];
}

export async function requirePrefixList(tx: Tx, owner: NetworkOwner, id: string): Promise<PrefixList> {
  if (!isId("prefixList", id)) throw malformedId("prefixList", id);
  const found = (await listPrefixLists(tx, owner)).find((list) => list.id === id);
  if (found === undefined) throw notFound("prefixList", id);
  return found;
}

export function listEntries(tx: Tx, id: string, version: number): Promise<PrefixListEntryRow[]> {
  return tx.db.selectFrom("prefix_list_entries").selectAll().where("prefix_list_id", "=", id).where("version", "=", version).orderBy("cidr").execute();
}

/** The blocks that each of the lists has now. */
export async function readBlocks(tx: Tx, ids: readonly string[]): Promise<(id: string) => readonly string[]> {
  if (ids.length === 0) return () => [];
  const byList = Map.groupBy(await selectBlocks(tx, [...new Set(ids)]), (row) => row.prefix_list_id);
  return (id) => managedBlocks.get(id) ?? (byList.get(id) ?? []).map(({ cidr }) => cidr);
}

const selectBlocks = prepareForList((db, ids: readonly string[]) =>
  db
    .selectFrom("prefix_list_entries")
    .innerJoin("prefix_lists", (join) => join.onRef("prefix_lists.id", "=", "prefix_list_entries.prefix_list_id").onRef("prefix_lists.version", "=", "prefix_list_entries.version"))
    .select(["prefix_list_id", "cidr"])
    .where("prefix_list_id", "in", ids)
    .orderBy("cidr"),
);

/** A table's routes to lists as routes to the blocks in them. A route to the very same block comes before, and what is in the VPC stays local. */
export function spreadLists(routes: readonly RouteRow[], blocksOf: (id: string) => readonly string[]): readonly RouteRow[] {
  const known = new Set(routes.map(({ destination }) => destination));
  const local = routes.flatMap(({ destination, target_id: target }) => (target === "local" ? destination : []));
  return routes.flatMap((route) => {
    if (!isId("prefixList", route.destination)) return [route];
    const blocks = blocksOf(route.destination).filter((block) => !known.has(block) && !local.some((outer) => isRowWithin(block, outer)));
    for (const block of blocks) known.add(block);
    return blocks.map((destination) => ({ ...route, destination }));
  });
}
