/**
 * Where instances go that are launched or started: what their wish allows of the zone's hosts, and in what order. Rows are read here; which of the hosts takes
 * which machine is decided by `placement/place.ts`.
 *
 * Slots of capacity reservations that fit come first, then the hosts of the wish's tenancy (facts §2.3–2.5).
 */
import type { InstanceId } from "../base/ids.ts";
import { listActiveReservations, reservedPlatform } from "../placement/capacity-reservation.ts";
import { listSlots, type Slot } from "../placement/capacity-slots.ts";
import { listDedicatedHosts, listEmptyHosts, takesType } from "../placement/dedicated-host.ts";
import { dedicatedTo, listOffers, listOffersOf, nobody } from "../placement/host-room.ts";
import { listMembers, toCompany, withPlacements } from "../placement/placement-group.ts";
import { placeMachines, type Company, type HostOffer, type Need } from "../placement/place.ts";
import type { Spot } from "../placement/reservation.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { CapacityReservationRow, CapacitySlotRow, DedicatedHostRow, PlacementGroupRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import type { Owner } from "./owned-rows.ts";

export interface PlacementWish {
  readonly owner: Owner;
  readonly type: InstanceType;
  readonly need: Need;
  readonly tenancy: InstanceRow["tenancy"];
  /** Of tenancy `host`: this one first; with `only`, no other. */
  readonly dedicatedHost: { readonly id: DedicatedHostRow["id"]; readonly only: boolean } | undefined;
  readonly group: PlacementGroupRow | undefined;
  /** The partition of the group that was asked for. */
  readonly partition: number | null;
  readonly capacity: Pick<InstanceRow, "capacity_preference" | "capacity_target">;
  /** An instance that is there already: it is no company for itself. */
  readonly instanceId?: InstanceId;
}

export interface FoundSpots {
  readonly zone: string;
  readonly spots: readonly Spot[];
}

/** Up to `max` spots, all in one of the zones: the one that takes the most, of several such the one with the emptiest host. */
export async function findSpots(tx: Tx, wish: PlacementWish, zones: readonly string[], max: number, now: number): Promise<FoundSpots> {
  let best: FoundSpots = { zone: zones[0] ?? "", spots: [] };
  for (const choice of await inOrder(tx, wish, zones, now)) {
    const spots = await findInZone(tx, wish, choice, max, now);
    if (spots.length > best.spots.length) best = { zone: choice.zone, spots };
    if (spots.length >= max) break;
  }
  return best;
}

interface ZoneChoice {
  readonly zone: string;
  /** Its emptiest host of nobody's, where it is known already. */
  readonly emptiest: HostOffer | undefined;
}

/** Zones with reservations that fit come first, then the one with the emptiest host. */
async function inOrder(tx: Tx, wish: PlacementWish, zones: readonly string[], now: number): Promise<readonly ZoneChoice[]> {
  if (zones.length < 2) return zones.map((zone) => ({ zone, emptiest: undefined }));
  const reserved = (await listMatching(tx, wish)).map(({ zone }) => zone).filter((zone) => zones.includes(zone));
  const [emptiest] = await listOffers(tx, { region: wish.owner.region, holder: nobody, need: wish.need, now }, 1, ({ zone }) => zones.includes(zone));
  const ordered = new Set([...reserved, ...(emptiest === undefined ? [] : [emptiest.zone]), ...zones]);
  return [...ordered].map((zone) => ({ zone, emptiest: emptiest?.zone === zone ? emptiest : undefined }));
}

async function findInZone(tx: Tx, wish: PlacementWish, choice: ZoneChoice, max: number, now: number): Promise<Spot[]> {
  const { zone } = choice;
  const company = await readCompany(tx, wish, zone);
  const inSlots = await findSlots(tx, wish, zone, max, company, now);
  if (inSlots.length >= max || wish.capacity.capacity_target !== null || wish.capacity.capacity_preference === "capacity-reservations-only") return inSlots;
  const left = max - inSlots.length;
  const joined = company && withPlacements(company, inSlots);
  for (const offers of await listAllowed(tx, wish, choice, left, joined, now)) {
    const found = placeMachines(offers, wish.need, left, joined);
    if (found.length > 0) return [...inSlots, ...found];
  }
  return inSlots;
}

async function readCompany(tx: Tx, { group, partition, instanceId }: PlacementWish, zone: string): Promise<Company | undefined> {
  return group && toCompany(group, await listMembers(tx, group.id), zone, partition, instanceId);
}

/** The reservations whose slots the wish may take: by their target only, where that is what they are for. */
async function listMatching(tx: Tx, { owner, type, tenancy, capacity }: PlacementWish): Promise<readonly CapacityReservationRow[]> {
  if (capacity.capacity_preference === "none") return [];
  const active = await listActiveReservations(tx, owner);
  const fitting = active.filter((row) => row.instance_type === type.name && row.platform === reservedPlatform && row.tenancy === tenancy);
  const target = capacity.capacity_target;
  return fitting.filter((row) => (target === null ? row.match_criteria === "open" : row.id === target));
}

async function findSlots(tx: Tx, wish: PlacementWish, zone: string, max: number, company: Company | undefined, now: number): Promise<Spot[]> {
  const spots: Spot[] = [];
  for (const reservation of (await listMatching(tx, wish)).filter((row) => row.zone === zone)) {
    const free = (await listSlots(tx, reservation.id)).filter((slot) => slot.instance_id === null);
    const joined = company && withPlacements(company, spots);
    spots.push(...(await placeInSlots(tx, wish.need, free, max - spots.length, joined, now)));
  }
  return spots;
}

async function placeInSlots(tx: Tx, need: Need, free: readonly CapacitySlotRow[], max: number, company: Company | undefined, now: number): Promise<Spot[]> {
  const byHost = Map.groupBy<string, Slot>(free, (slot) => slot.host_id);
  const offers = await listOffersOf(tx, [...byHost.keys()], need, now);
  const asOffers = offers.map((offer): HostOffer => {
    const count = byHost.get(offer.id)?.length ?? 0;
    return inSlotsOf(offer, count, need);
  });
  return placeMachines(asOffers, need, max, company).map((placement): Spot => {
    const slot = byHost.get(placement.host.id)?.shift();
    return slot === undefined ? placement : { ...placement, slot };
  });
}

/** As a host on which nothing is free but so many slots, whatever else is promised of it. */
function inSlotsOf({ freeDiskGib: _disk, freeNetworkMbps: _network, ...offer }: HostOffer, count: number, { vcpus, memoryMib, accelerators = 0 }: Need): HostOffer {
  return { ...offer, reservedVcpus: offer.vcpus - count * vcpus, reservedMemoryMib: offer.memoryMib - count * memoryMib, freeAccelerators: count * accelerators };
}

/** Lists of hosts, of which the first that takes a machine is taken; each has those that could be chosen if it had all. */
async function listAllowed(tx: Tx, wish: PlacementWish, { zone, emptiest }: ZoneChoice, count: number, company: Company | undefined, now: number): Promise<readonly (readonly HostOffer[])[]> {
  const { owner, need } = wish;
  const known = new Set(company?.machines.map(({ hostId }) => hostId));
  const isNew = ({ id }: HostOffer) => !known.has(id);
  const place = { region: owner.region, zone, need, now };
  // With as many hosts as machines, the emptiest first, no other host could get one. Hosts that the group is on come besides: they may be better, though fuller.
  const near = await listOffersOf(tx, [...known], need, now);
  if (wish.tenancy === "host") return listDedicated(tx, wish, zone, now);
  const shared = { ...place, holder: nobody };
  if (wish.tenancy === "default") {
    const isEnough = count === 1 && emptiest !== undefined && isNew(emptiest);
    return [[...near.filter(({ holder }) => holder === nobody), ...(isEnough ? [emptiest] : await listOffers(tx, shared, count, isNew))]];
  }
  const holder = dedicatedTo(owner.account);
  const own = await listOffers(tx, { ...place, holder }, count, isNew);
  const untaken = (await listEmptyHosts(tx, place, need, count, now)).map((offer) => ({ ...offer, isUntaken: true }));
  return [[...near.filter((offer) => offer.holder === holder), ...own, ...untaken]];
}

async function listDedicated(tx: Tx, { owner, type, need, dedicatedHost: asked }: PlacementWish, zone: string, now: number): Promise<readonly (readonly HostOffer[])[]> {
  const hosts = (await listDedicatedHosts(tx, owner)).filter((host) => host.zone === zone && takesType(host, type));
  const offersOf = (some: readonly DedicatedHostRow[]) => listOffersOf(tx, some.map((host) => host.host_id), need, now);
  const first = await offersOf(hosts.filter(({ id }) => id === asked?.id));
  return asked?.only === true ? [first] : [first, await offersOf(hosts.filter((host) => host.auto_placement === "on"))];
}
