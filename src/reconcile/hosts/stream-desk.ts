/**
 * The control plane's end of byte streams (`host/protocol/stream.ts`): what was ordered and not yet dialled, and what is open.
 *
 * An order is told to its host once. A host that ends before it dials, like an answer that is lost, costs the caller its time limit and nothing
 * else; a host that dials too late finds nobody.
 */
import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import type { HostStreams } from "../../compute/host-streams.ts";
import { openStreamMs, StreamError, type StreamErrorCode, type StreamOrder, type StreamTarget } from "../../host/protocol/stream.ts";

export interface StreamDesk extends HostStreams {
  isAwaited(hostId: string): boolean;
  /** The orders that the host has not been told of; from now on it has. */
  tell(hostId: string): readonly StreamOrder[];
  /** Somebody waits for the host to dial. */
  isOrdered(hostId: string, id: string): boolean;
  /** The host's end of an ordered stream. */
  join(hostId: string, id: string, stream: Duplex): void;
  refuse(hostId: string, id: string, code: StreamErrorCode): void;
  /** Ends every stream. */
  close(): void;
}

interface Order extends StreamOrder {
  readonly hostId: string;
  readonly joined: PromiseWithResolvers<Duplex>;
  told: boolean;
}

/** `wakeHost` lets the host's long poll be answered. */
export function openStreamDesk(wakeHost: (hostId: string) => void, timeoutMs = openStreamMs): StreamDesk {
  const orders = new Map<string, Order>();
  const open = new Set<Duplex>();
  const untold = (hostId: string) => [...orders.values()].filter((order) => order.hostId === hostId && !order.told);
  const find = (hostId: string, id: string) => [orders.get(id)].find((order) => order?.hostId === hostId);

  const wait = async (order: Order, signal: AbortSignal): Promise<Duplex> => {
    const { reject, promise } = order.joined;
    const abort = () => reject(signal.reason);
    const timer = setTimeout(() => reject(new StreamError(order.told ? "timed-out" : "host-silent")), timeoutMs);
    signal.addEventListener("abort", abort);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      orders.delete(order.id);
    }
  };

  return {
    open: async (hostId: string, target: StreamTarget, signal: AbortSignal) => {
      signal.throwIfAborted();
      const order: Order = { id: randomUUID(), target, hostId, joined: Promise.withResolvers(), told: false };
      orders.set(order.id, order);
      wakeHost(hostId);
      return wait(order, signal);
    },
    isAwaited: (hostId) => untold(hostId).length > 0,
    tell: (hostId) =>
      untold(hostId).map((order) => {
        order.told = true;
        return { id: order.id, target: order.target };
      }),
    isOrdered: (hostId, id) => find(hostId, id) !== undefined,
    join: (hostId, id, stream) => {
      open.add(stream);
      stream.on("error", () => undefined); // whoever has the stream sees its end
      stream.once("close", () => open.delete(stream));
      find(hostId, id)?.joined.resolve(stream);
      orders.delete(id);
    },
    refuse: (hostId, id, code) => find(hostId, id)?.joined.reject(new StreamError(code)),
    close: () => {
      for (const { joined } of orders.values()) joined.reject(new StreamError("failed"));
      for (const stream of open) stream.destroy();
    },
  };
}
