/**
 * Rooms: for every host one row that says who may be there and how much is promised, in an index by how full the host is. A launch reads a few rows from its
 * beginning, however many hosts there are. `syncRooms` (`sync-rooms.ts`) brings them up to date with the hosts' rows, and whoever adds or changes hosts calls it.
 */
import { sql, type RawBuilder } from "kysely";
import { silentAfterMs } from "../host/protocol/exchange.ts";
import type { HostRoomRow } from "../store/placement-tables.ts";
import { prepare, prepareForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { HostRow } from "../store/tables.ts";
import { claimColumns, toClaimColumns, type Claim, type ClaimColumns } from "./claim.ts";
import { isHeard } from "./heard.ts";
import { abilitiesOf, type Abilities } from "./host-abilities.ts";
import { findVirtualization, type HostOffer, type Need } from "./place.ts";

/** What a host has and what is promised of it. */
const roomSizes = [...claimColumns, ...claimColumns.map((column) => `reserved_${column}` as const)] as const; // the columns' names as such

/** `host_rooms.load` of a host of which everything is promised. */
export const fullLoad = 1_000_000;
const unlimited = 2 ** 50;

/** `host_rooms.holder` of a host that anybody's instances may be on. */
export const nobody = "";

/** The same of a host that the account's dedicated instances have for themselves. */
export function dedicatedTo(account: string): string {
  return `account:${account}`;
}

export function isDedicatedTo(holder: string): boolean {
  return holder.startsWith("account:");
}

/** Promises room, or with a negative claim gives it back. Fails where the host has less: whoever promises has looked in the same transaction. */
export async function changeRoom(tx: Tx, hostId: string, claim: Claim): Promise<Pick<HostRoomRow, "holder" | "reserved_memory_mib"> | undefined> {
  const columns = toClaimColumns(claim);
  const [after] = await addToRoom(tx, { ...columns, hostId });
  if (after !== undefined && isBeyond(after, columns)) throw new Error(`host ${hostId} has no room that could be promised`);
  return after;
}

/** Whether more is promised than there is, of what is promised now: a host may have become smaller than what was promised before. */
function isBeyond(room: RoomSize, claim: ClaimColumns): boolean {
  const isOver = (column: keyof ClaimColumns) => claim[column] > 0 && room[`reserved_${column}`] > (room[column] ?? Infinity);
  return claimColumns.some(isOver);
}

type RoomSize = Pick<HostRoomRow, keyof ClaimColumns | `reserved_${keyof ClaimColumns}`>;

const addToRoom = prepare((db, claim: ClaimColumns & { hostId: string }) =>
  db
    .updateTable("host_rooms")
    .set(({ eb, parens, ref }) => {
      const cpuLoad = eb(eb(parens(eb("reserved_vcpus", "+", claim.vcpus)), "*", fullLoad), "/", ref("vcpus"));
      const memoryLoad = eb(eb(parens(eb("reserved_memory_mib", "+", claim.memory_mib)), "*", fullLoad), "/", ref("memory_mib"));
      return {
        reserved_vcpus: eb("reserved_vcpus", "+", claim.vcpus),
        reserved_memory_mib: eb("reserved_memory_mib", "+", claim.memory_mib),
        reserved_disk_gib: eb("reserved_disk_gib", "+", claim.disk_gib),
        reserved_network_mbps: eb("reserved_network_mbps", "+", claim.network_mbps),
        reserved_accelerators: eb("reserved_accelerators", "+", claim.accelerators),
        load: eb.case().when(cpuLoad, ">", memoryLoad).then(cpuLoad).else(memoryLoad).end(),
      };
    })
    .where("host_id", "=", claim.hostId)
    .returning(["holder", ...roomSizes]),
);

export async function setHolder(tx: Tx, hostId: string, holder: string): Promise<void> {
  await tx.db.updateTable("host_rooms").set({ holder }).where("host_id", "=", hostId).execute();
}

export interface RoomQuery {
  readonly region: string;
  /** Undefined: any of the region's. */
  readonly zone?: string | undefined;
  readonly holder: string;
  readonly need: Need;
  readonly now: number;
  /** Only hosts of which nothing is promised. */
  readonly empty?: true;
}

interface PageQuery {
  readonly region: string;
  readonly zone: string;
  readonly holder: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly networkMbps: number;
  readonly accelerators: number;
  readonly heardAt: number;
  /** The most load, in millionths. */
  readonly fullest: number;
  readonly limit: number;
  readonly offset: number;
}

const roomColumns = ["host_rooms.host_id", "host_rooms.zone", "host_rooms.holder", ...roomSizes.map((column) => `host_rooms.${column}` as const), "hosts.description"] as const; // the columns' names as such

const selectInZone = prepare((db, query: PageQuery) => toPage(db, query).where("host_rooms.zone", "=", query.zone));
const selectInRegion = prepare((db, query: PageQuery) => toPage(db, query));

function toPage(db: Tx["db"], query: PageQuery) {
  const { region, holder, vcpus, memoryMib, diskGib, networkMbps, accelerators, heardAt, limit, offset } = query;
  return db
    .selectFrom("host_rooms")
    .innerJoin("hosts", "hosts.id", "host_rooms.host_id")
    .select(roomColumns)
    .where("host_rooms.region", "=", region)
    .where("host_rooms.holder", "=", holder)
    .where("host_rooms.load", "<=", highestLoad(query))
    .where(({ eb }) => eb(eb("host_rooms.vcpus", "-", eb.ref("host_rooms.reserved_vcpus")), ">=", vcpus))
    .where(({ eb }) => eb(eb("host_rooms.memory_mib", "-", eb.ref("host_rooms.reserved_memory_mib")), ">=", memoryMib))
    .where(freeOf("disk_gib"), ">=", diskGib)
    .where(freeOf("network_mbps"), ">=", networkMbps)
    .where(freeOf("accelerators"), ">=", accelerators)
    .where("hosts.heard_at", ">=", heardAt)
    .where("hosts.failed_at", "is", null)
    .where("hosts.draining", "=", 0)
    .orderBy("host_rooms.load")
    .orderBy("host_rooms.host_id")
    .limit(limit)
    .offset(offset);
}

/** More than any machine needs, for what no limit is known of. Never below nothing: a host that has become smaller than what is promised of it takes whoever needs none. */
function freeOf(column: "disk_gib" | "network_mbps" | "accelerators"): RawBuilder<number> {
  return sql<number>`max(0, coalesce(${sql.ref(`host_rooms.${column}`)}, ${unlimited}) - ${sql.ref(`host_rooms.reserved_${column}`)})`;
}

/** Over this load not even the largest host of the region has room for the need: hosts that are fuller are not looked at. */
function highestLoad({ region, vcpus, memoryMib, fullest }: PageQuery): RawBuilder<number> {
  const most = (column: string) => sql`(select max(${sql.ref(column)}) from host_rooms as sized where sized.region = ${region})`;
  const part = (need: number, column: string) => sql`${need} * ${fullLoad} / ${most(column)}`;
  const rounding = 1;
  return sql<number>`min(${fullest}, ${fullLoad + rounding} - min(${part(vcpus, "vcpus")}, ${part(memoryMib, "memory_mib")}))`;
}

/** Hosts that are heard and have room for one, the emptiest first: as many as `accept` takes, up to `limit`. Pages grow: most want one row, and few look further. */
export async function listOffers(tx: Tx, query: RoomQuery, limit: number, accept: (offer: HostOffer) => boolean = () => true): Promise<HostOffer[]> {
  const { region, holder, need, now, zone = "", empty } = query;
  const { vcpus, memoryMib, diskGib = 0, networkMbps = 0, accelerators = 0 } = need;
  const fixed = { region, holder, zone, vcpus, memoryMib, diskGib, networkMbps, accelerators, heardAt: now - silentAfterMs, fullest: empty ? 0 : fullLoad };
  const offers: HostOffer[] = [];
  for (let offset = 0, page = Math.max(1, limit); ; offset += page, page *= 2) {
    const rows = await (zone === "" ? selectInRegion : selectInZone)(tx, { ...fixed, limit: page, offset });
    for (const offer of await withFreeFunctions(tx, rows.map(toOffer), need)) {
      if (!isFitting(offer, need) || !accept(offer)) continue;
      if (offers.push(offer) >= limit) return offers;
    }
    if (rows.length < page) return offers;
  }
}

function isFitting(offer: HostOffer, need: Need): boolean {
  return findVirtualization(offer, need) !== undefined && (offer.freeFunctions ?? 0) >= (need.functions ?? 0);
}

/** The most of each that one of the zones' hosts has, whatever is promised of it; undefined where there is none. */
export async function findLargest(tx: Tx, region: string, zones: readonly string[]): Promise<ClaimColumns | undefined> {
  const most = (column: keyof ClaimColumns) => sql<number | null>`max(coalesce(${sql.ref(column)}, ${unlimited}))`.as(column);
  const [row] = await tx.db.selectFrom("host_rooms").select(claimColumns.map(most)).where("region", "=", region).where("zone", "in", zones).execute();
  return row === undefined || row.vcpus === null ? undefined : (row as ClaimColumns); // one of no rows has no maximum of any
}

/** These hosts, as far as they are heard; those without room too. */
export async function listOffersOf(tx: Tx, hostIds: readonly string[], need: Need, now: number): Promise<HostOffer[]> {
  const rows = hostIds.length === 0 ? [] : await selectRoomsOf(tx, hostIds);
  return withFreeFunctions(tx, rows.filter((row) => isHeard(row, now) && row.failed_at === null && row.draining === 0).map(toOffer), need);
}

/** Most machines need no virtual function, and then none are counted. */
async function withFreeFunctions(tx: Tx, offers: HostOffer[], { functions = 0 }: Need): Promise<HostOffer[]> {
  if (functions === 0 || offers.length === 0) return offers;
  const promised = new Map((await sumFunctions(tx, offers.map(({ id }) => id))).map((row) => [row.host_id, Number(row.functions)]));
  return offers.map((offer) => ({ ...offer, freeFunctions: (offer.freeFunctions ?? 0) - (promised.get(offer.id) ?? 0) }));
}

const sumFunctions = prepareForList((db, hostIds: readonly string[]) =>
  db
    .selectFrom("host_reservations")
    .select(({ fn }) => ["host_id", fn.sum("functions").as("functions")])
    .where("host_id", "in", hostIds)
    .where("functions", ">", 0)
    .groupBy("host_id"),
);

const selectRoomsOf = prepareForList((db, hostIds: readonly string[]) =>
  db
    .selectFrom("host_rooms")
    .innerJoin("hosts", "hosts.id", "host_rooms.host_id")
    .select([...roomColumns, "hosts.heard_at", "hosts.failed_at", "hosts.draining"])
    .where("host_rooms.host_id", "in", hostIds),
);

function toOffer(row: Pick<HostRoomRow, "host_id" | "zone" | "holder"> & RoomSize & Pick<HostRow, "description">): HostOffer {
  const { virtualizations, arm64, functions } = abilitiesOf(row);
  return {
    id: row.host_id,
    zone: row.zone,
    vcpus: row.vcpus,
    memoryMib: row.memory_mib,
    reservedVcpus: row.reserved_vcpus,
    reservedMemoryMib: row.reserved_memory_mib,
    ...(row.disk_gib === null ? {} : { freeDiskGib: Math.max(0, row.disk_gib - row.reserved_disk_gib) }),
    ...(row.network_mbps === null ? {} : { freeNetworkMbps: Math.max(0, row.network_mbps - row.reserved_network_mbps) }),
    ...(row.accelerators === 0 ? {} : { freeAccelerators: Math.max(0, row.accelerators - row.reserved_accelerators) }),
    virtualizations,
    ...(arm64 === undefined ? {} : { arm64 }),
    ...(functions === 0 ? {} : { freeFunctions: functions }),
    holder: row.holder,
  };
}

/** Whether any host of the region runs machines of arm64, heard or not. */
export async function hasArm64(tx: Tx, region: string): Promise<boolean> {
  return (await listAbilities(tx, region)).some(({ arm64 }) => arm64 !== undefined);
}

/** What the region's hosts, or those of the zones, say of themselves, heard or not: many say the same. */
export async function listAbilities(tx: Tx, region: string, zones?: readonly string[]): Promise<readonly Abilities[]> {
  const rows = tx.db.selectFrom("hosts").select("description").distinct().where("region", "=", region).where("role", "=", "host");
  return (await (zones === undefined ? rows : rows.where("zone", "in", zones)).execute()).map(abilitiesOf);
}
