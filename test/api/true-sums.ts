/** What is kept beside rows as their sum is their sum. */
import { expect } from "vitest";
import type { Tx } from "../../src/store/store.ts";

export async function expectTrueSums(tx: Tx): Promise<void> {
  const loads = await tx.db.selectFrom("host_loads").selectAll().where("vcpus", "!=", 0).orderBy("host_id").execute();
  const reserved = await tx.db
    .selectFrom("host_reservations")
    .innerJoin("hosts", "hosts.id", "host_id")
    .select(({ fn }) => ["region", "host_id", fn.sum<number>("host_reservations.vcpus").as("vcpus"), fn.sum<number>("host_reservations.memory_mib").as("memory_mib")])
    .groupBy(["region", "host_id"])
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
  expect({ loads, sums }).toEqual({ loads: reserved, sums: volumes });
}
