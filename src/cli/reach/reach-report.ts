/** What the control plane answers to `reach`, and what the command shows of it. */
import type { InstanceId, InterfaceId } from "../../base/ids.ts";
import { protocolName } from "../../network/ip-protocol.ts";
import type { End, Hop } from "../../network/reach/hop.ts";
import { outcomeOf, walk, type Journey } from "../../network/reach/walk.ts";

export interface EndReport {
  readonly interface?: InterfaceId;
  readonly instance?: InstanceId;
  /** Absent: any address of the internet. */
  readonly address?: string;
  readonly publicAddress?: string;
}

export interface ReachReport {
  readonly from: EndReport;
  readonly to: EndReport;
  /** `tcp`, `udp` or `icmp`. */
  readonly protocol: string;
  readonly port?: number;
  /** `passes`: no rule stops it; whether anything listens is the last hop's matter, if it is known at all. */
  readonly outcome: "passes" | "stopped" | "unknown";
  /** The first hop that stops the packet, by its place in `hops`. */
  readonly stoppedBy?: number;
  readonly hops: readonly CountedHop[];
}

export type CountedHop = Hop & {
  /** What the hop's rule has counted so far; absent: `uncounted` says why, or nothing decides that could count. */
  readonly packets?: number;
  readonly uncounted?: string;
};

export function reportJourney(journey: Journey): ReachReport {
  const { protocol, port } = journey.packet;
  return reportHops({ from: describeEnd(journey.from), to: describeEnd(journey.to), protocol: protocolName(protocol), ...(port === undefined ? {} : { port }) }, walk(journey));
}

/** The same question, with hops of which more is known. */
export function reportHops({ from, to, protocol, port }: Pick<ReachReport, "from" | "to" | "protocol" | "port">, hops: readonly CountedHop[]): ReachReport {
  return { from, to, protocol, ...(port === undefined ? {} : { port }), ...outcomeOf(hops), hops };
}

function describeEnd(end: End): EndReport {
  if (end.kind === "outside") return end.address === undefined ? {} : { address: end.address };
  const { nic, instance, address, publicAddress } = end;
  return { interface: nic.id, ...(instance === undefined ? {} : { instance: instance.id }), address, ...(publicAddress === undefined ? {} : { publicAddress }) };
}
