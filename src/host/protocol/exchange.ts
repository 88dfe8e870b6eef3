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
 *   GET  /v1/hosts/HOST/service-connections?address=A&interface=ENI&secure=0|1, to be upgraded to `hostelry-service`
 *                                                             → 101; from then on the bytes are those of a guest's connection to a service
 *                                                               (`service-connection.ts`)
 *   GET  /v1/hosts/HOST/streams/ID, Upgrade: hostelry-stream  → 101, and from then on frames (`framed-stream.ts`); 410 when nobody waits for it any more
 *   POST /v1/hosts/HOST/streams/ID      StreamRefusal         → 204
 *
 * A long poll is the heartbeat. 404: the control plane does not know the host. 409: another agent with a higher incarnation
 * speaks for the host; the caller must end itself without touching any guest.
 */
import type { HostDescription, Report } from "./report.ts";
import type { Specification } from "./specification.ts";
import type { StreamErrorCode, StreamOrder } from "./stream.ts";

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
  /** Each is named once; absent: none. */
  readonly streams?: readonly StreamOrder[];
}

export interface ReportBatch {
  readonly incarnation: Incarnation;
  readonly reports: readonly Report[];
}

export interface StreamRefusal {
  readonly code: StreamErrorCode;
}

/** The longest wait that an agent may ask for. */
export const longPollMs = 5_000;
/** A host that has not polled for this long is shown as silent. */
export const silentAfterMs = 10_000;
/** How much serial output is kept, as on EC2 (facts §1.11). */
export const consoleBytes = 64 * 1024;
