/** Opens tunnels through Instance Connect Endpoints, for whoever may, and counts those of each endpoint (facts §9.4). */
import type { Duplex } from "node:stream";
import { isApiError, tunnelLimit } from "../../base/api-error.ts";
import type { Clock } from "../../base/clock.ts";
import { chooseClientAddress } from "../../compute/connect/client-address.ts";
import { findTunnel, type Tunnel, type TunnelRequest } from "../../compute/connect/tunnel-request.ts";
import type { HostStreams } from "../../compute/host-streams.ts";
import type { Store } from "../../store/store.ts";
import type { Pipeline } from "../pipeline.ts";
import { OpenTunnel } from "./open-tunnel.ts";
import { TerminalProblem, toProblem } from "./terminal-problem.ts";
import type { Visitor } from "./visitor.ts";

export interface TunnelParts {
  readonly store: Store;
  readonly pipeline: Pipeline;
  readonly streams: HostStreams;
  readonly clock: Clock;
}

export interface JoinedTunnel {
  readonly guest: Duplex;
  readonly longestMs: number;
  /** Rejects with a TerminalProblem when the visitor may not have the tunnel any more, or what it leads through or to is gone. */
  permitted(): Promise<void>;
}

export interface TunnelDesk {
  /** Rejects as the API refuses, or with a StreamError. */
  open(visitor: Visitor, region: string, request: TunnelRequest, signal: AbortSignal): Promise<JoinedTunnel>;
}

const mostOfEndpoint = 20;

export function openTunnelDesk(parts: TunnelParts): TunnelDesk {
  const { pipeline, streams, clock } = parts;
  const counts = new Map<string, number>();
  const add = (endpoint: string, change: 1 | -1): void => {
    const count = (counts.get(endpoint) ?? 0) + change;
    if (count === 0) counts.delete(endpoint);
    else counts.set(endpoint, count);
  };
  return {
    open: async (visitor, region, request, signal) => {
      const tunnel = (await pipeline.run(OpenTunnel, request, await visitor.caller(region), visitor.facts, clock.now())) as Tunnel; // what OpenTunnel returns
      const { endpoint, endpointInterface, hostId, address, port, longestMs } = tunnel;
      const clientAddress = chooseClientAddress(tunnel, visitor.facts.sourceAddress);
      if ((counts.get(endpoint) ?? 0) >= mostOfEndpoint) throw tunnelLimit(endpoint, mostOfEndpoint);
      add(endpoint, 1);
      try {
        const guest = await streams.open(hostId, { kind: "tunnel", endpointInterface, address, port, ...(clientAddress === undefined ? {} : { clientAddress }) }, signal);
        guest.once("close", () => add(endpoint, -1));
        return { guest, longestMs, permitted: () => requirePermitted(parts, visitor, region, request, tunnel) };
      } catch (thrown) {
        add(endpoint, -1);
        throw thrown;
      }
    },
  };
}

async function requirePermitted({ pipeline, clock }: TunnelParts, visitor: Visitor, region: string, request: TunnelRequest, { run }: Tunnel): Promise<void> {
  const caller = await visitor.caller(region);
  try {
    const now = await pipeline.check(OpenTunnel, request, caller, visitor.facts, clock.now(), (tx) => findTunnel(tx, caller, request));
    if (now.run !== run) throw new TerminalProblem("lost", "The instance was started anew.");
  } catch (thrown) {
    if (!isApiError(thrown) || toProblem(thrown).code === "forbidden") throw thrown;
    throw new TerminalProblem("lost", thrown.message, { cause: thrown });
  }
}
