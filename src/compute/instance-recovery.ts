/** Simplified automatic recovery: what becomes of instances whose host has died (facts §1.9, §2.5). */
import type { Random } from "../base/random.ts";
import { listOffers } from "../placement/reservation.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import { beginRun } from "./instance.ts";
import { instanceStoreOf } from "./instance-store.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";

/** Not one that has local disks, since these would be lost without its owner's doing; not one of a type without it; not one whose owner declined it. */
export function canRecover(instance: Pick<InstanceRow, "instance_type" | "instance_store" | "auto_recovery">): boolean {
  const local = instanceStoreOf(instance);
  return instance.auto_recovery === 1 && local.gib.length === 0 && local.root === undefined && requireInstanceType(instance.instance_type).autoRecovery;
}

/** Gives a recovering instance another host of its zone; false while none has room. To its guest it is as if the power had failed. */
export async function moveToHost(tx: Tx, instance: InstanceRow, random: Random, now: number): Promise<boolean> {
  const run = await beginRun(tx, instance, await listOffers(tx, instance.region, now), random, now);
  if (run === undefined) return false;
  await tx.db.updateTable("instances").set(run).where("id", "=", instance.id).execute();
  return true;
}
