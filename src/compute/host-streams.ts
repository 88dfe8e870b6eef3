/** Byte streams to what is on a host, for whoever speaks with a guest. */
import type { Duplex } from "node:stream";
import type { StreamTarget } from "../host/protocol/stream.ts";

export { connectBlock, StreamError, tunnelPorts, type StreamErrorCode } from "../host/protocol/stream.ts";

export interface HostStreams {
  /**
   * Returns when the target answers. Rejects with a StreamError, or when the signal aborts; then the host gives the target up as well. Either end of the
   * stream may end its direction alone; the stream breaks when the host's agent or this process ends.
   */
  open(hostId: string, target: StreamTarget, signal: AbortSignal): Promise<Duplex>;
}
