/** Capacity reservations as EC2 shows them. */
import type { CapacityReservation } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import type { Tag } from "../../../compute/tags.ts";
import type { CapacityReservationRow } from "../../../store/placement-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { ec2Arn } from "../../action.ts";
import { toTagViews } from "./tag-view.ts";

/** How many slots of each reservation nobody is in. */
export async function countAvailable(tx: Tx, rows: readonly CapacityReservationRow[]): Promise<ReadonlyMap<string, number>> {
  if (rows.length === 0) return new Map();
  const counts = await tx.db
    .selectFrom("capacity_slots")
    .select(({ fn }) => ["reservation_id", fn.countAll<number>().as("count")])
    .where("reservation_id", "in", rows.map((row) => row.id))
    .where("instance_id", "is", null)
    .groupBy("reservation_id")
    .execute();
  return new Map(counts.map(({ reservation_id: id, count }) => [id, Number(count)]));
}

export function toCapacityReservationView(row: CapacityReservationRow, available: number, tags: readonly Tag[] = []): CapacityReservation {
  return {
    CapacityReservationId: row.id,
    CapacityReservationArn: ec2Arn(row, "capacity-reservation", row.id),
    OwnerId: row.account,
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone),
    InstanceType: row.instance_type,
    InstancePlatform: row.platform as NonNullable<CapacityReservation["InstancePlatform"]>, // checked when it was created
    Tenancy: row.tenancy,
    TotalInstanceCount: row.total,
    AvailableInstanceCount: available,
    EbsOptimized: row.ebs_optimized === 1,
    EphemeralStorage: false,
    State: row.state,
    StartDate: new Date(row.created_at),
    CreateDate: new Date(row.created_at),
    EndDateType: row.end_at === null ? "unlimited" : "limited",
    ...(row.end_at === null ? {} : { EndDate: new Date(row.end_at) }),
    InstanceMatchCriteria: row.match_criteria,
    ReservationType: "default",
    Tags: toTagViews(tags),
  };
}
