/**
 * Removes the blocks that no snapshot of a region has any more: a while after a removal, and once a day for as long as the region has snapshots. A sweep may take long
 * and may die at any moment, so nobody waits for it.
 */
import type { BlockStore } from "../block-store/block-store.ts";
import type { Log } from "../base/log.ts";
import type { Reconciler } from "./loop.ts";

const dayMs = 24 * 3_600_000;

export function blockSweepReconciler(blocks: (region: string) => Pick<BlockStore, "sweep">, log: Log): Reconciler {
  const underWay = new Set<string>();
  const sweep = async (region: string, now: number): Promise<void> => {
    if (underWay.has(region)) return;
    underWay.add(region);
    try {
      const { removed, removedBytes } = await blocks(region).sweep(now);
      if (removed > 0) log.info("blocks that no snapshot has were removed", { region, removed, removedBytes });
    } catch (error) {
      log.error("blocks could not be swept", { region, error });
    } finally {
      underWay.delete(region);
    }
  };
  return {
    kind: "block-sweep",
    scan: async () => [],
    reconcile: async (tx, region, now) => {
      const kept = tx.db.selectFrom("snapshots").select("id").where("region", "=", region).where("origin", "!=", "file");
      const again = (await kept.executeTakeFirst()) === undefined ? undefined : now + dayMs;
      return { again, outside: async () => void sweep(region, now) };
    },
  };
}
