/** What storage nodes and hosts would report of what they are asked for, over the real exchange; and the reconcilers' looks, when a test wants them. */
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { MachineReport, SnapshotReport, VolumeReport } from "../../src/host/protocol/report.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { imageTaskReconciler } from "../../src/reconcile/image-task-reconciler.ts";
import { instanceReconciler } from "../../src/reconcile/instance-reconciler.ts";
import { runRound } from "../../src/reconcile/loop.ts";
import { snapshotReconciler } from "../../src/reconcile/snapshot-reconciler.ts";
import { volumeReconciler } from "../../src/reconcile/volume-reconciler.ts";
import type { TestServer } from "./test-server.ts";

/** The storage nodes say this of every snapshot that their specifications name, and that all they were asked for is so. */
export async function reportSnapshots(server: TestServer, said: Pick<SnapshotReport, "state" | "percent" | "reason" | "blocks">): Promise<void> {
  await reconcile(server);
  const desk = openHostDesk(server.store, systemClock);
  for (const node of ["storage-a", "storage-b"]) {
    const page = await desk.poll(node, 1, 0, 0, new AbortController().signal);
    if (typeof page === "string") throw new Error(`${node} was turned away: ${page}`);
    const reports = page.specifications.flatMap((volume): VolumeReport[] => {
      if (volume.kind !== "volume") return [];
      const { kind, id, generation, sizeGib } = volume;
      if (volume.want === "absent") return [{ kind, id, generation, state: "absent" }];
      return [{ kind, id, generation, state: "available", condition: { sizeGib }, snapshots: volume.snapshots.map((order) => ({ id: order.id, ...said })) }];
    });
    await desk.report(node, { incarnation: 1, reports });
  }
  desk.close();
  await reconcile(server);
}

/** Every machine is as its host was asked to make it. */
export async function obeyMachines(server: TestServer): Promise<void> {
  await reconcile(server);
  const desk = openHostDesk(server.store, systemClock);
  for (const host of ["host-a", "host-b"]) {
    const page = await desk.poll(host, 1, 0, 0, new AbortController().signal);
    if (typeof page === "string") throw new Error(`${host} was turned away: ${page}`);
    const reports = page.specifications.flatMap((machine): MachineReport[] => {
      if (machine.kind !== "machine") return [];
      const { kind, id, generation, run, reboots, want } = machine;
      return [{ kind, id, generation, run, reboots, state: want, ...(want === "stopped" ? { cause: "requested" } : {}) }];
    });
    await desk.report(host, { incarnation: 1, reports });
  }
  desk.close();
  await reconcile(server);
}

/** Every snapshot that was asked for is stored. */
export function completeSnapshots(server: TestServer): Promise<void> {
  return reportSnapshots(server, { state: "completed", percent: 100, blocks: { total: 8, moved: 3 } });
}

/** Lets the reconcilers look until nothing is due. Returns the snapshots whose blocks were removed. */
export async function reconcile({ store }: TestServer): Promise<string[]> {
  const removed: string[] = [];
  const blocks = () => ({ removeSnapshot: async (id: string) => void removed.push(id) });
  const reconcilers = [instanceReconciler(systemRandom), volumeReconciler, snapshotReconciler(store, blocks), imageTaskReconciler];
  const parts = { store, reconcilers, clock: systemClock, log: silentLog };
  for (let rounds = 0; (await runRound(parts)) > 0; rounds++) if (rounds > 100) throw new Error("the reconcilers do not come to rest");
  return removed;
}
