/**
 * The public state of an instance: a pure function of what was asked for and what its host reported (facts §1.1).
 *
 *   want         host says, of this run              state
 *   running      running                             running
 *   running      ended by itself                     stopping (the reconciler then turns it into a wish)
 *   running      anything else, or of an older run   pending
 *   running      down for an image that is being     running
 *                made of it, or on its way from a
 *                dead host to another
 *   stopped      the host still holds the machine    stopping
 *   stopped      no host holds it                    stopped
 *   terminated   something is left                   shutting-down
 *   terminated   nothing is left                     terminated
 */
import type { InstanceRow } from "../store/compute-tables.ts";

export type InstanceState = "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";

export const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

type StateColumns = Pick<InstanceRow, "want" | "run" | "host_id" | "terminated_at" | "image_task" | "recovering_since" | "observed_run" | "observed_state">;

export function toInstanceState(row: StateColumns): InstanceState {
  switch (row.want) {
    case "terminated":
      return row.terminated_at === null ? "shutting-down" : "terminated";
    case "stopped":
      return row.host_id === null ? "stopped" : "stopping";
    case "running":
      if (row.image_task !== null || row.recovering_since !== null) return "running";
      return row.observed_run === row.run ? whileWantedRunning(row.observed_state) : "pending";
  }
}

function whileWantedRunning(observed: InstanceRow["observed_state"]): InstanceState {
  switch (observed) {
    case "running":
      return "running";
    case "stopping":
    case "stopped":
      return "stopping";
    case "preparing":
    case "absent":
    case "failed":
    case null:
      return "pending";
  }
}
