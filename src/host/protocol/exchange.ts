/**
 * The conversation between a host's agent and the control plane. The agent always calls; any control plane may answer.
 * JSON over HTTP/1.1, on one machine over a Unix socket.
 *
 *   PUT  /v1/hosts/HOST/description     HostArrival           → 204, or 409 when a newer incarnation of this host is known
 *   GET  /v1/hosts/HOST/specifications?since=N&waitMs=M&incarnation=I
 *                                                             → SpecificationPage; answers at once when there is something newer
 *                                                               than revision N, else after M milliseconds with nothing
 *   POST /v1/hosts/HOST/reports         ReportBatch           → 204; durable when answered
 *   PUT  /v1/hosts/HOST/consoles/INSTANCE?run=R&settled=0|1   the last 64 KiB of serial output, as bytes → 204
 *
 * A long poll is the heartbeat. 404: the control plane does not know the host. 409: another agent with a higher incarnation
 * speaks for the host; the caller must end itself without touching any guest.
 */
import type { HostDescription, Report } from "./report.ts";
import type { Specification } from "./specification.ts";

/** Rises with each start of the agent: its start time in milliseconds, at least one more than the last. */
export type Incarnation = number;

export interface HostArrival {
  readonly incarnation: Incarnation;
  readonly description: HostDescription;
}

export interface SpecificationPage {
  /** Ask with this as `since` the next time. */
  readonly revision: number;
  /** The page names everything that the host should hold: what it holds beyond that must be removed. Always so when `since` was 0. */
  readonly complete: boolean;
  readonly specifications: readonly Specification[];
}

export interface ReportBatch {
  readonly incarnation: Incarnation;
  readonly reports: readonly Report[];
}

/** The longest wait that an agent may ask for. */
export const longPollMs = 5_000;
/** A host that has not polled for this long is shown as silent. */
export const silentAfterMs = 10_000;
/** How much serial output is kept, as on EC2 (facts §1.11). */
export const consoleBytes = 64 * 1024;
