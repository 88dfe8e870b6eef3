/** Capacity reservations as requests make and change them: room for so many instances is found, or the call fails (facts §2.5, §12.6). */
import {
  insufficientInstanceCapacity,
  invalidInstanceType,
  invalidParameterCombination,
  invalidTenancy,
  invalidValueOf,
  missingParameter,
  reservationNotInState,
  unsupportedRequest,
} from "../base/api-error.ts";
import { virtualizations } from "../host/protocol/specification.ts";
import { addSlots, adoptInstances, createReservation, removeSlots, reservedPlatform, wakeReservation, type ReservationPlan } from "../placement/capacity-reservation.ts";
import { listSlots } from "../placement/capacity-slots.ts";
import type { Need, Placement } from "../placement/place.ts";
import type { Random } from "../base/random.ts";
import { requireZone } from "../storage/volume-creation.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { CapacityReservationRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import { findSpots, type PlacementWish } from "./find-spots.ts";
import { findInstanceType, requireInstanceType } from "./instance-types/catalogue.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import { needOf } from "./instance-placement.ts";
import type { Owner } from "./owned-rows.ts";

interface EndRequest {
  readonly EndDate?: Date | undefined;
  readonly EndDateType?: string | undefined;
}

export interface CapacityRequest extends EndRequest {
  readonly InstanceType?: string | undefined;
  readonly InstancePlatform?: string | undefined;
  readonly AvailabilityZone?: string | undefined;
  readonly AvailabilityZoneId?: string | undefined;
  readonly Tenancy?: string | undefined;
  readonly InstanceCount?: number | undefined;
  readonly EbsOptimized?: boolean | undefined;
  readonly EphemeralStorage?: boolean | undefined;
  readonly InstanceMatchCriteria?: string | undefined;
  readonly ClientToken?: string | undefined;
  readonly OutpostArn?: string | undefined;
  readonly PlacementGroupArn?: string | undefined;
  readonly StartDate?: Date | undefined;
}

/** A checked reservation: instances that are in it from the beginning, and places for the others. */
export interface PlannedReservation {
  readonly plan: ReservationPlan;
  readonly need: Need;
  readonly adopted: readonly InstanceRow[];
  readonly placements: readonly Placement[];
}

export async function planReservation(tx: Tx, { account, region }: Owner, request: CapacityRequest, now: number): Promise<PlannedReservation> {
  if ((request.OutpostArn ?? request.PlacementGroupArn ?? request.StartDate) !== undefined) {
    throw unsupportedRequest("Capacity Reservations in Outposts, in placement groups and for a later date are not supported.");
  }
  const { InstanceType: name, InstancePlatform: platform, InstanceCount: total, Tenancy: tenancy = "default", InstanceMatchCriteria: criteria = "open" } = request;
  if (name === undefined || platform === undefined || total === undefined) throw missingParameter(name === undefined ? "InstanceType" : platform === undefined ? "InstancePlatform" : "InstanceCount");
  const type = findInstanceType(name);
  if (type === undefined) throw invalidInstanceType([name]);
  if (platform !== reservedPlatform) throw unsupportedRequest(`Instances of the platform '${platform}' are not supported. Use ${reservedPlatform}.`);
  if (tenancy !== "default" && tenancy !== "dedicated") throw invalidTenancy(`The tenancy value '${tenancy}' is invalid. Expecting default or dedicated.`);
  const plan: ReservationPlan = {
    account,
    region,
    zone: requireZone(region, request),
    instance_type: name,
    platform,
    tenancy,
    total: requireCount(total),
    ebs_optimized: request.EbsOptimized === true ? 1 : 0,
    match_criteria: parseCriteria(criteria),
    end_at: parseEnd(request, null, now),
    client_token: request.ClientToken ?? null,
  };
  const adopted = plan.match_criteria === "open" ? await listFitting(tx, plan) : [];
  const need = anyNeedOf(type);
  return { plan, need, adopted, placements: await requirePlaces(tx, plan, total - adopted.length, now) };
}

export async function reserveCapacity(tx: Tx, { plan, need, adopted, placements }: PlannedReservation, random: Random, now: number): Promise<CapacityReservationRow> {
  const row = await createReservation(tx, plan, random, now);
  await adoptInstances(tx, row, adopted, need);
  await addSlots(tx, row, placements, need, adopted.length);
  return row;
}

/** Which kind of guest comes is not known yet, but that one with accelerators is hardware-assisted. */
function anyNeedOf(type: InstanceType): Need {
  return needOf(type, type.accelerators === undefined ? virtualizations : ["hardware"]);
}

function requireCount(count: number): number {
  if (!Number.isInteger(count) || count < 1 || count > 1000) throw invalidValueOf("instanceCount", count, "Expecting 1 to 1000.");
  return count;
}

function parseCriteria(criteria: string): CapacityReservationRow["match_criteria"] {
  if (criteria !== "open" && criteria !== "targeted") throw invalidValueOf("instanceMatchCriteria", criteria, "Expecting open or targeted.");
  return criteria;
}

/** When it ends; `before` where the request says nothing of that. */
function parseEnd({ EndDate: date, EndDateType: type }: EndRequest, before: number | null, now: number): number | null {
  if (type !== undefined && type !== "limited" && type !== "unlimited") throw invalidValueOf("endDateType", type, "Expecting limited or unlimited.");
  if (type === "unlimited" && date !== undefined) throw invalidParameterCombination("EndDate cannot be specified with the EndDateType 'unlimited'.");
  if (type === "limited" && date === undefined) throw invalidParameterCombination("EndDate must be specified with the EndDateType 'limited'.");
  if (type === "unlimited") return null;
  if (date === undefined) return before;
  if (date.getTime() <= now) throw invalidValueOf("endDate", date.toISOString(), "Expecting a time in the future.");
  return date.getTime();
}

/** Running instances that fit and are in no reservation yet: those that were launched first (an open reservation takes them in). */
async function listFitting(tx: Tx, plan: ReservationPlan): Promise<InstanceRow[]> {
  return tx.db
    .selectFrom("instances")
    .selectAll()
    .where("account", "=", plan.account)
    .where("region", "=", plan.region)
    .where("zone", "=", plan.zone)
    .where("instance_type", "=", plan.instance_type)
    .where("tenancy", "=", plan.tenancy)
    .where("want", "=", "running")
    .where("host_id", "is not", null)
    .where("capacity_reservation_id", "is", null)
    .where("capacity_preference", "!=", "none")
    .where("capacity_target", "is", null)
    .orderBy("created_at")
    .orderBy("id")
    .limit(plan.total)
    .execute();
}

type Slots = Pick<CapacityReservationRow, "account" | "region" | "zone" | "instance_type" | "tenancy">;

/** Places for so many slots, of hosts of the reservation's tenancy; no slot is in another reservation. */
export async function findPlaces(tx: Tx, { account, region, zone, instance_type: name, tenancy }: Slots, count: number, now: number): Promise<readonly Placement[]> {
  const type = requireInstanceType(name);
  const capacity = { capacity_preference: "none", capacity_target: null } as const;
  const wish: PlacementWish = { owner: { account, region }, type, need: anyNeedOf(type), tenancy, dedicatedHost: undefined, group: undefined, partition: null, capacity };
  return count <= 0 ? [] : (await findSpots(tx, wish, [zone], count, now)).spots;
}

async function requirePlaces(tx: Tx, slots: Slots, count: number, now: number): Promise<readonly Placement[]> {
  const placements = await findPlaces(tx, slots, count, now);
  if (placements.length < count) throw insufficientInstanceCapacity(slots.instance_type, slots.zone, []);
  return placements;
}

export interface CapacityChange {
  readonly columns: Partial<CapacityReservationRow>;
  readonly added: readonly Placement[];
  /** How many free slots go. */
  readonly removed: number;
}

/** Fails for a reservation that has ended, for lack of room, and for fewer slots than instances are in. */
export async function planCapacityChange(
  tx: Tx,
  row: CapacityReservationRow,
  request: EndRequest & { readonly InstanceCount?: number | undefined; readonly InstanceMatchCriteria?: string | undefined },
  now: number,
): Promise<CapacityChange> {
  if (row.state !== "active") throw reservationNotInState(row.id, row.state);
  const total = request.InstanceCount === undefined ? row.total : requireCount(request.InstanceCount);
  const used = (await listSlots(tx, row.id)).filter((slot) => slot.instance_id !== null).length;
  if (total < used) throw invalidValueOf("instanceCount", total, `${used} instances are running in the Capacity Reservation.`);
  const criteria = request.InstanceMatchCriteria === undefined ? row.match_criteria : parseCriteria(request.InstanceMatchCriteria);
  const columns = { total, match_criteria: criteria, end_at: parseEnd(request, row.end_at, now) };
  return { columns, added: await requirePlaces(tx, row, total - row.total, now), removed: Math.max(0, row.total - total) };
}

export async function changeCapacity(tx: Tx, row: CapacityReservationRow, { columns, added, removed }: CapacityChange, now: number): Promise<void> {
  const slots = await listSlots(tx, row.id);
  await removeSlots(tx, slots.filter((slot) => slot.instance_id === null).slice(0, removed));
  await addSlots(tx, row, added, anyNeedOf(requireInstanceType(row.instance_type)), Math.max(-1, ...slots.map((slot) => slot.number)) + 1);
  await tx.db.updateTable("capacity_reservations").set(columns).where("id", "=", row.id).execute();
  await wakeReservation(tx, row, now);
}
