/**
 * One look at an image that is being made, one step. Pure: everything it may know is in the view.
 *
 *   phase      when                                     step
 *   stopping   the guest is down                        freezing: the storage node is asked for the snapshots
 *   stopping   the instance is being terminated         fail
 *   freezing   every snapshot's moment is fixed         starting: a new run, or storing when nobody wants it to run any more
 *   starting   it runs again, or will not               storing
 *   storing    every snapshot is completed              finish: the image is available
 *   storing    a snapshot failed                        fail
 *
 * Images of snapshots that are copied, and those of guests that need not go down, begin with storing.
 */
import type { ImageTaskRow, InstanceRow } from "../store/compute-tables.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";

export interface ImageTaskView {
  readonly phase: ImageTaskRow["phase"];
  /** Undefined when its row is gone. */
  readonly instance: Pick<InstanceRow, "want" | "run" | "host_id" | "observed_run" | "observed_state"> | undefined;
  /** Of the image's own snapshots; undefined for one that is gone. */
  readonly snapshots: readonly (SnapshotRow["observed_state"] | undefined)[];
}

export type ImageTaskStep =
  | { readonly do: "freeze" }
  | { readonly do: "start" }
  /** The instance is its own again. */
  | { readonly do: "release" }
  | { readonly do: "finish" }
  | { readonly do: "fail"; readonly reason: string }
  | { readonly do: "wait" };

export function decideImageTask({ phase, instance, snapshots }: ImageTaskView): ImageTaskStep {
  const isWanted = instance?.want === "running";
  switch (phase) {
    case "stopping":
      if (instance === undefined || instance.want === "terminated") return { do: "fail", reason: "The instance was terminated" };
      return isDown(instance) ? { do: "freeze" } : { do: "wait" };
    case "freezing":
      if (snapshots.includes("ordered")) return { do: "wait" };
      return isWanted ? { do: "start" } : { do: "release" };
    case "starting":
      return isWanted && !(instance.observed_run === instance.run && instance.observed_state === "running") ? { do: "wait" } : { do: "release" };
    case "storing":
      if (snapshots.some((state) => state === "failed" || state === undefined)) return { do: "fail", reason: "A snapshot of the image failed" };
      return snapshots.every((state) => state === "completed") ? { do: "finish" } : { do: "wait" };
    case "done":
      return { do: "wait" };
  }
}

/** No engine runs. A run that the host has not heard of was never started: while the image needs it, no machine is. */
function isDown({ host_id: host, run, observed_run: observedRun, observed_state: state }: NonNullable<ImageTaskView["instance"]>): boolean {
  return host === null || observedRun < run || state === "stopped" || state === "failed" || state === "absent";
}
