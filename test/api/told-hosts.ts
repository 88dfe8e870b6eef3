/** Hosts of a test server as those of VPCs: with packets, and told of what changed. */
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { runRound } from "../../src/reconcile/loop.ts";
import { vpcReconciler } from "../../src/reconcile/vpc-reconciler.ts";
import type { TestServer } from "./test-server.ts";

/** Hosts with guests that send packets. */
export async function makeReal({ store }: TestServer): Promise<void> {
  await store.write(async (tx) => {
    const { description } = await tx.db.selectFrom("hosts").select("description").executeTakeFirstOrThrow();
    await tx.db.updateTable("hosts").set({ description: (description ?? "").replaceAll('"simulated"', '"qemu-tcg"') }).execute();
  });
}

/** Lets only the VPC's reconciler look, now. */
export async function look({ store }: TestServer): Promise<void> {
  await store.write((tx) => tx.db.updateTable("due").set({ due_at: 0 }).where("kind", "=", "vpc").execute());
  await store.write((tx) => tx.db.deleteFrom("due").where("kind", "!=", "vpc").execute());
  await runRound({ store, reconcilers: [vpcReconciler], clock: systemClock, log: silentLog });
}
