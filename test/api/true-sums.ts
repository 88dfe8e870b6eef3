/** What is kept beside rows as their sum is their sum. */
import { expect } from "vitest";
import type { InstanceId } from "../../src/base/ids.ts";
import { claimColumns } from "../../src/placement/claim.ts";
import type { Tx } from "../../src/store/store.ts";

export async function expectTrueSums(tx: Tx): Promise<void> {
  const rooms = await tx.db
    .selectFrom("host_rooms")
    .select(["host_id", ...claimColumns.map((column) => `reserved_${column} as ${column}` as const)])
    .where("reserved_vcpus", "!=", 0)
    .orderBy("host_id")
    .execute();
  const inSlots = tx.db.selectFrom("capacity_slots").select("instance_id").where("instance_id", "is not", null);
  const promised = tx.db
    .selectFrom("host_reservations")
    .select(["host_id", ...claimColumns])
    .where("instance_id", "not in", inSlots.$castTo<{ instance_id: InstanceId }>())
    .unionAll(tx.db.selectFrom("capacity_slots").select(["host_id", ...claimColumns]));
  const reserved = await tx.db
    .selectFrom(promised.as("promised"))
    .select(({ fn }) => ["host_id", ...claimColumns.map((column) => fn.sum<number>(column).as(column))])
    .groupBy("host_id")
    .orderBy("host_id")
    .execute();
  const sums = await tx.db.selectFrom("volume_sums").selectAll().where("size_gib", "!=", 0).orderBy("account").orderBy("region").orderBy("type").execute();
  const volumes = await tx.db
    .selectFrom("volumes")
    .select(({ fn, val }) => ["account", "region", "type", fn.sum<number>("size_gib").as("size_gib"), fn.coalesce(fn.sum<number>("iops"), val(0)).as("iops")])
    .where("want", "=", "present")
    .groupBy(["account", "region", "type"])
    .orderBy("account")
    .orderBy("region")
    .orderBy("type")
    .execute();
  expect({ rooms, sums }).toEqual({ rooms: reserved, sums: volumes });
}
