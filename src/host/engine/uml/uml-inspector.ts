/** What a User-mode Linux kernel asks of its host, and how many of the host's processes are its guest's. */
import type { InspectedDevice, Inspection } from "../../protocol/inspection.ts";
import type { MachinePlan, PlannedDisk } from "../engine.ts";
import { readTimes, toFigures } from "../process-figures.ts";
import { countCalls } from "./call-counter.ts";
import { hasSlots } from "./uml-arguments.ts";

export interface UmlProcesses {
  readonly kernel: number;
  /** The kernel, its helpers and the guest's processes. */
  readonly all: readonly number[];
}

export async function inspectUml(plan: MachinePlan, { kernel, all }: UmlProcesses, sampleMs: number): Promise<Inspection> {
  const before = readTimes(all);
  const { source, calls } = await countCalls(kernel, sampleMs);
  const after = readTimes(all);
  const unseen = source === "sampled" ? [{ what: "every call", why: "tracefs is not mounted or not for us; what is shown are shares of looks at /proc" }] : [];
  return {
    id: plan.id,
    virtualization: "paravirtual",
    engine: "user-mode-linux",
    pid: kernel,
    sampledMs: Math.round(after.atMs - before.atMs),
    process: toFigures(all, before, after),
    devices: listDevices(plan),
    privileged: { how: "called", source, calls, guestProcesses: Math.max(0, all.length - 1) },
    absent: unseen,
  };
}

function pathOf(source: PlannedDisk["source"]): string {
  switch (source.kind) {
    case "nbd":
      return source.socket === undefined ? `NBD ${source.address}:${source.port}` : `vhost-user ${source.socket}`;
    case "file":
      return `file ${source.path}`;
    case "function":
      return `PCI ${source.address}`;
  }
}

function listDevices(plan: MachinePlan): readonly InspectedDevice[] {
  const { disks, interfaces } = plan;
  const model = hasSlots(plan) ? "virtio-blk" : "ubd";
  return [
    ...disks.map(({ volume, source }): InspectedDevice => ({ id: volume, kind: "paravirtual", model, path: pathOf(source) })),
    ...interfaces.map(({ id, tap }): InspectedDevice => ({ id, kind: "paravirtual", model: "vector", path: `tap ${tap}` })),
  ];
}
