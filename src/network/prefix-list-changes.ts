/** Managed prefix lists made, changed, restored and removed. Each change of entries is a new version, made whole; whoever names the list follows it. */
import { dependentObject, invalidParameterCombination, invalidParameterValue, limitExceeded, prefixListFull, prefixListVersionMismatch } from "../base/api-error.ts";
import { newId, type VpcId } from "../base/ids.ts";
import { formatCidr, parseCidr } from "../base/ipv4.ts";
import { normalizeIpv6Cidr } from "../base/ipv6.ts";
import type { Random } from "../base/random.ts";
import type { PrefixListEntryRow, PrefixListRow } from "../store/prefix-list-tables.ts";
import type { Tx } from "../store/store.ts";
import { listEntries } from "./prefix-lists.ts";
import { touchVpc } from "./vpc-specification.ts";
import type { NetworkOwner } from "./vpc.ts";

const listLimit = 100;
const entryLimit = 1_000;

export type Entry = Pick<PrefixListEntryRow, "cidr" | "description">;

/** The entries in one spelling. Fails for a block of another family, and for one that is there twice. */
export function parseEntries(family: PrefixListRow["family"], entries: readonly { readonly Cidr?: string | undefined; readonly Description?: string | undefined }[]): Entry[] {
  const parsed = entries.map(({ Cidr: text = "", Description: description }) => {
    const block = family === "IPv4" ? parseCidr(text) : undefined;
    const cidr = family === "IPv4" ? block && formatCidr(block) : normalizeIpv6Cidr(text);
    if (cidr === undefined) throw invalidParameterValue(`The CIDR ${text} is not a valid ${family} CIDR block`);
    return { cidr, description: description ?? null };
  });
  if (new Set(parsed.map(({ cidr }) => cidr)).size < parsed.length) throw invalidParameterValue("The same CIDR must not appear multiple times");
  return parsed;
}

export function requireListName(name: string): void {
  if (name === "" || name.length > 255 || name.startsWith("com.amazonaws")) throw invalidParameterValue(`The prefix list name '${name}' must have 1 to 255 characters and must not start with 'com.amazonaws'`);
}

export function requireMaxEntries(id: string, most: number, entries: readonly Entry[]): void {
  if (most < 1 || most > entryLimit) throw invalidParameterValue(`MaxEntries must be between 1 and ${entryLimit}.`);
  if (entries.length > most) throw prefixListFull(id, most);
}

export async function requireRoomForList(tx: Tx, { account, region }: NetworkOwner): Promise<void> {
  const mine = await tx.db.selectFrom("prefix_lists").select("id").where("account", "=", account).where("region", "=", region).execute();
  if (mine.length >= listLimit) throw limitExceeded("PrefixListLimitExceeded", `The maximum number of prefix lists has been reached: ${listLimit}.`);
}

export interface PrefixListPlan extends NetworkOwner {
  readonly name: string;
  readonly family: PrefixListRow["family"];
  readonly maxEntries: number;
  readonly entries: readonly Entry[];
}

export async function createPrefixList(tx: Tx, { account, region, name, family, maxEntries, entries }: PrefixListPlan, random: Random, now: number): Promise<PrefixListRow> {
  const row: PrefixListRow = { id: newId("prefixList", random), account, region, name, family, state: "create-complete", max_entries: maxEntries, version: 1, created_at: now };
  await tx.db.insertInto("prefix_lists").values(row).execute();
  await writeEntries(tx, row, entries);
  return row;
}

async function writeEntries(tx: Tx, { id, version }: PrefixListRow, entries: readonly Entry[]): Promise<void> {
  if (entries.length > 0) await tx.db.insertInto("prefix_list_entries").values(entries.map((entry) => ({ prefix_list_id: id, version, ...entry }))).execute();
}

export function requireVersion({ id, version }: PrefixListRow, given: number | undefined): void {
  if (given !== version) throw prefixListVersionMismatch(id, given, version);
}

/** The list's entries after some were added, with a new description if they were there, and some removed. */
export async function mergeEntries(tx: Tx, row: PrefixListRow, added: readonly Entry[], removed: readonly Entry[]): Promise<Entry[]> {
  const gone = new Set(removed.map(({ cidr }) => cidr));
  if (added.some(({ cidr }) => gone.has(cidr))) throw invalidParameterCombination("The same CIDR cannot be added and removed in one request.");
  const standing = await listEntries(tx, row.id, row.version);
  const missing = removed.find(({ cidr }) => !standing.some((entry) => entry.cidr === cidr));
  if (missing !== undefined) throw invalidParameterValue(`The CIDR ${missing.cidr} is not in the prefix list ${row.id}`);
  const kept = standing.filter(({ cidr }) => !gone.has(cidr) && !added.some((entry) => entry.cidr === cidr));
  return [...kept.map(({ cidr, description }) => ({ cidr, description })), ...added];
}

/** What a request changes; absent: stays. */
export interface PrefixListChange {
  readonly name?: string;
  readonly maxEntries?: number;
  readonly entries?: readonly Entry[];
  readonly state: PrefixListRow["state"];
}

export async function changePrefixList(tx: Tx, row: PrefixListRow, { name = row.name, maxEntries = row.max_entries, entries, state }: PrefixListChange, now: number): Promise<PrefixListRow> {
  const version = entries === undefined ? row.version : row.version + 1;
  const changed = { ...row, name, max_entries: maxEntries, version, state };
  await tx.db.updateTable("prefix_lists").set(changed).where("id", "=", row.id).execute();
  if (entries !== undefined) await writeEntries(tx, changed, entries);
  for (const { vpc_id: vpcId } of await listUsers(tx, row.id)) await touchVpc(tx, vpcId, now);
  return changed;
}

/** A group or a route table that names a list. */
export interface ListUser {
  readonly id: string;
  readonly account: string;
  readonly vpc_id: VpcId;
}

export async function listUsers(tx: Tx, id: string): Promise<ListUser[]> {
  const rules = tx.db.selectFrom("security_group_rules").select("group_id").where("prefix_list_id", "=", id);
  const routes = tx.db.selectFrom("routes").select("route_table_id").where("destination", "=", id);
  const groups = await tx.db.selectFrom("security_groups").select(["id", "account", "vpc_id"]).where("id", "in", rules).execute();
  const tables = await tx.db.selectFrom("route_tables").select(["id", "account", "vpc_id"]).where("id", "in", routes).execute();
  return [...groups, ...tables];
}

export async function requireUnusedList(tx: Tx, { id }: PrefixListRow): Promise<void> {
  if ((await listUsers(tx, id)).length > 0) throw dependentObject(id);
}

export async function deletePrefixList(tx: Tx, { id }: PrefixListRow): Promise<void> {
  await tx.db.deleteFrom("prefix_list_entries").where("prefix_list_id", "=", id).execute();
  await tx.db.deleteFrom("prefix_lists").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}
