/** Reconcilers and hosts for a test server: the hosts keep to the protocol and make true what they are asked, when `settle` is called. */
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { instanceReconciler } from "../../src/reconcile/instance-reconciler.ts";
import { runRound, scanAll, type LoopParts } from "../../src/reconcile/loop.ts";
import { volumeReconciler } from "../../src/reconcile/volume-reconciler.ts";
import { fakeHost, type FakeHost } from "../crash/fake-host.ts";
import type { TestServer } from "./test-server.ts";

export interface SimulatedHosts {
  /** By their ids in the seed: `host-a`, `storage-a`, … */
  readonly byId: ReadonlyMap<string, FakeHost>;
  /** Lets everything happen that is to happen. */
  settle(): Promise<void>;
  /** The same, but hosts or storage nodes of these kinds stand still. */
  settleWithout(...kinds: readonly ("host" | "storage")[]): Promise<void>;
}

export function simulateHosts({ store }: TestServer): SimulatedHosts {
  const byId = new Map(["host-a", "host-b", "storage-a", "storage-b"].map((id) => [id, fakeHost(id)]));
  const parts: LoopParts = { store, clock: systemClock, log: silentLog, reconcilers: [instanceReconciler(systemRandom), volumeReconciler] };
  const settle = async (hosts: readonly FakeHost[]): Promise<void> => {
    const desk = openHostDesk(store, systemClock);
    try {
      for (let moved = true; moved; ) {
        await scanAll(parts);
        while ((await runRound(parts)) > 0);
        moved = false;
        for (const host of hosts) moved = (await host.step(desk)) || moved;
      }
      while ((await runRound(parts)) > 0);
    } finally {
      desk.close();
    }
  };
  const all = [...byId.values()];
  return { byId, settle: () => settle(all), settleWithout: (...kinds) => settle(all.filter(({ id }) => !kinds.some((kind) => id.startsWith(kind)))) };
}
