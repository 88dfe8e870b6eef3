/** Reconcilers and hosts for a test server: the hosts keep to the protocol and make true what they are asked, when `settle` is called. */
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { capacityReservationReconciler } from "../../src/reconcile/capacity-reservation-reconciler.ts";
import { imageTaskReconciler } from "../../src/reconcile/image-task-reconciler.ts";
import { instanceReconciler } from "../../src/reconcile/instance-reconciler.ts";
import { runRound, scanAll, type LoopParts } from "../../src/reconcile/loop.ts";
import { natGatewayReconciler } from "../../src/reconcile/nat-gateway-reconciler.ts";
import { snapshotReconciler } from "../../src/reconcile/snapshot-reconciler.ts";
import { volumeReconciler } from "../../src/reconcile/volume-reconciler.ts";
import { connectEndpointReconciler } from "../../src/reconcile/connect-endpoint-reconciler.ts";
import { vpcEndpointReconciler } from "../../src/reconcile/vpc-endpoint-reconciler.ts";
import { fakeHost, type FakeHost, type SnapshotProgress } from "../crash/fake-host.ts";
import { openTestServer, secretKey, type TestServer } from "./test-server.ts";

export interface SimulatedHosts {
  /** By their ids in the seed: `host-a`, `storage-a`, … */
  readonly byId: ReadonlyMap<string, FakeHost>;
  /** The snapshots whose blocks were removed, in that order. */
  readonly removedSnapshots: readonly string[];
  /** Lets everything happen that is to happen. */
  settle(): Promise<void>;
  /** The same, but hosts or storage nodes of these kinds stand still. */
  settleWithout(...kinds: readonly ("host" | "storage")[]): Promise<void>;
  /** Lets the storage nodes work, which say from now on that snapshots are so far. */
  settleSnapshots(said: SnapshotProgress): Promise<void>;
}

/** A test server, and hosts that do what it asks. */
export interface StaffedServer extends TestServer {
  readonly hosts: SimulatedHosts;
}

export const storedSnapshots: SnapshotProgress = { state: "completed", percent: 100, blocks: { total: 8, moved: 3 } };

export async function openStaffedServer(options: Parameters<typeof openTestServer>[0] = {}): Promise<StaffedServer> {
  const server = await openTestServer(options);
  return { ...server, hosts: simulateHosts(server) };
}

/** Those of the seed, and those of these ids besides. */
export function simulateHosts({ store, parts: { random } }: TestServer, more: readonly string[] = []): SimulatedHosts {
  const byId = new Map(["host-a", "host-b", "storage-a", "storage-b", ...more].map((id) => [id, fakeHost(id)]));
  const removedSnapshots: string[] = [];
  const blocks = () => ({ removeSnapshot: async (id: string) => void removedSnapshots.push(id) });
  const reconcilers = [instanceReconciler(random, secretKey), volumeReconciler, snapshotReconciler(store, blocks, { stop: () => false }), imageTaskReconciler, natGatewayReconciler, vpcEndpointReconciler, connectEndpointReconciler, capacityReservationReconciler];
  const parts: LoopParts = { store, clock: systemClock, log: silentLog, reconcilers };
  const settle = async (hosts: readonly FakeHost[]): Promise<void> => {
    const desk = openHostDesk(store, systemClock, secretKey);
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
  const settleWithout: SimulatedHosts["settleWithout"] = (...kinds) => settle(all.filter(({ id }) => !kinds.some((kind) => id.startsWith(kind))));
  return {
    byId,
    removedSnapshots,
    settle: () => settle(all),
    settleWithout,
    settleSnapshots: (said) => {
      for (const host of all) host.sayOfSnapshots(said);
      return settleWithout("host");
    },
  };
}
