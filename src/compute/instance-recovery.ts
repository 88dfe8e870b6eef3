/** Simplified automatic recovery: what becomes of instances whose host has died (facts §1.9, §2.5), and the recovery of Dedicated Hosts (facts §2.3). */
import type { Random } from "../base/random.ts";
import { replaceHost } from "../placement/dedicated-host.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { DedicatedHostRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import { beginRun } from "./instance.ts";
import { wishOfInstance } from "./instance-placement.ts";
import { instanceStoreOf } from "./instance-store.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";

/**
 * Not one that has local disks, since these would be lost without its owner's doing; not one of a type without it; not one whose owner declined it. On a
 * Dedicated Host the host's own setting decides instead.
 */
export async function canRecover(tx: Tx, instance: InstanceRow): Promise<boolean> {
  const local = instanceStoreOf(instance);
  if (local.gib.length > 0 || local.root !== undefined) return false;
  if (instance.tenancy === "host") return (await findDedicatedHost(tx, instance))?.host_recovery === "on";
  return instance.auto_recovery === 1 && requireInstanceType(instance.instance_type).autoRecovery;
}

/** Gives a recovering instance another host of its zone; false while none has room. To its guest it is as if the power had failed. */
export async function moveToHost(tx: Tx, instance: InstanceRow, random: Random, now: number): Promise<boolean> {
  const moved = instance.tenancy === "host" ? await withReplacedHost(tx, instance, random, now) : instance;
  const run = moved && (await beginRun(tx, moved, random, now));
  if (run === undefined) return false;
  await tx.db.updateTable("instances").set(run).where("id", "=", instance.id).execute();
  return true;
}

/** The instance on the Dedicated Host that stands in for its dead one; undefined while there is none. */
async function withReplacedHost(tx: Tx, instance: InstanceRow, random: Random, now: number): Promise<InstanceRow | undefined> {
  const dedicated = await findDedicatedHost(tx, instance);
  const host = dedicated && (await tx.db.selectFrom("hosts").select("failed_at").where("id", "=", dedicated.host_id).executeTakeFirst());
  if (dedicated === undefined || host?.failed_at === null) return instance;
  const { need } = await wishOfInstance(tx, instance);
  const replacement = await replaceHost(tx, dedicated, need, random, now);
  return replacement && { ...instance, dedicated_host_id: replacement.id };
}

async function findDedicatedHost(tx: Tx, { dedicated_host_id: id }: InstanceRow): Promise<DedicatedHostRow | undefined> {
  return id === null ? undefined : tx.db.selectFrom("dedicated_hosts").selectAll().where("id", "=", id).executeTakeFirst();
}
