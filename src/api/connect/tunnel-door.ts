/**
 * Tunnels as the AWS CLI opens them (facts §9.4): a WebSocket whose address is signed and says where the tunnel leads. Bytes go both ways in binary
 * messages; a refusal is the handshake's answer, with a sentence. Neither side is read faster than the other takes it.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { ApiError, authFailure, isApiError } from "../../base/api-error.ts";
import { StreamError, type StreamErrorCode } from "../../compute/host-streams.ts";
import type { TunnelRequest } from "../../compute/connect/tunnel-request.ts";
import type { JoinedTunnel, TunnelDesk } from "./tunnel-desk.ts";
import type { Visitor } from "./visitor.ts";
import { whilePermitted } from "./while-permitted.ts";

export const tunnelPath = "/openTunnel";

export interface TunnelDoor {
  /** Rejects while there is no connection yet; the visitor, who signed for the region, is known already. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor, region: string): Promise<void>;
  close(): void;
}

/** The CLI sends 65,000 bytes at most. */
const largestMessage = 64 * 1024;
const longestUrlSeconds = 60;
/** A connection that does not answer a ping before the next is gone. */
const pingMs = 15_000;
/** How long a guest has to take what a client said last. */
const flushMs = 5_000;

/** `checkMs`: how often it is asked whether a tunnel may still be. */
export function openTunnelDoor(desk: TunnelDesk, checkMs: number): TunnelDoor {
  const server = new WebSocketServer({ noServer: true, maxPayload: largestMessage, perMessageDeflate: false });
  const requestIds = new WeakMap<IncomingMessage, string>();
  server.on("headers", (headers, request) => headers.push(`x-amzn-requestid: ${requestIds.get(request) ?? ""}`));
  return {
    accept: async (message, socket, head, visitor, region) => {
      const gone = new AbortController();
      const leave = () => gone.abort(new Error("the client left"));
      socket.once("close", leave);
      const tunnel = await desk.open(visitor, region, parseRequest(message), gone.signal).catch(refuse);
      socket.off("close", leave);
      requestIds.set(message, visitor.facts.requestId);
      if (socket.destroyed) return void tunnel.guest.destroy();
      server.handleUpgrade(message, socket, head, (connection) => join(connection, tunnel, checkMs));
    },
    close: () => {
      for (const connection of server.clients) connection.terminate();
    },
  };
}

function parseRequest(message: IncomingMessage): TunnelRequest {
  const words = new URL(message.url ?? "", "http://service.invalid").searchParams;
  const expires = Number(words.get("X-Amz-Expires") ?? 0);
  if (expires > longestUrlSeconds) throw authFailure(`X-Amz-Expires must not be more than ${longestUrlSeconds} seconds.`);
  const word = (name: string) => words.get(name) ?? undefined;
  return { instanceConnectEndpointId: word("instanceConnectEndpointId"), remotePort: word("remotePort"), privateIpAddress: word("privateIpAddress"), maxTunnelDuration: word("maxTunnelDuration") };
}

/** Both end together; what the client has sent is still brought to the guest. */
function join(connection: WebSocket, { guest, longestMs, permitted }: JoinedTunnel, checkMs: number): void {
  let alive = true;
  const stopAsking = whilePermitted(permitted, checkMs, ({ message }) => {
    connection.close(1008, closeReason(message));
    guest.destroy();
  });
  const end = setTimeout(() => connection.close(1000, "The tunnel was open for as long as it may be."), longestMs);
  const heart = setInterval(() => {
    if (connection.isPaused) return; // its answers wait behind what the guest does not take
    if (!alive) return connection.terminate();
    alive = false;
    connection.ping();
  }, pingMs);
  connection.on("pong", () => (alive = true));
  connection.on("error", () => connection.terminate());
  connection.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) return connection.close(1003, "A tunnel carries binary messages only.");
    if (guest.destroyed || guest.write(data)) return;
    connection.pause();
    guest.once("drain", () => connection.resume());
  });
  connection.once("close", () => {
    stopAsking();
    clearTimeout(end);
    clearInterval(heart);
    guest.end(() => guest.destroy());
    setTimeout(() => guest.destroy(), flushMs).unref();
  });
  guest.on("error", () => connection.close(1011, "The connection to the guest broke."));
  void show(connection, guest);
}

/** As much of the sentence as a close frame has room for (RFC 6455 §5.5). */
function closeReason(message: string): string {
  return Buffer.from(message).subarray(0, 123).toString("utf8").replace(/\uFFFD+$/, "");
}

async function show(connection: WebSocket, guest: Duplex): Promise<void> {
  try {
    for await (const chunk of guest) await new Promise<void>((resolve, reject) => connection.send(chunk, (error) => (error ? reject(error) : resolve())));
    connection.close(1000);
  } catch {
    connection.close(1011, "The connection to the guest broke."); // without effect on one that has ended
  }
}

/** A refused client reads why. */
function refuse(thrown: unknown): never {
  if (thrown instanceof StreamError) {
    const [status, message] = streamRefusals[thrown.code] ?? [502, "The connection to the guest could not be opened."];
    throw new ApiError("TunnelFailed", message, status, { cause: thrown });
  }
  if (isApiError(thrown) && thrown.code === "AccessDeniedException") throw new ApiError(thrown.code, thrown.message, 403, { cause: thrown });
  throw thrown;
}

const streamRefusals: Readonly<Partial<Record<StreamErrorCode, readonly [status: number, message: string]>>> = {
  refused: [502, "Nothing listens on the port at that address."],
  "timed-out": [504, "No answer: a security group of the endpoint must allow the way out to the instance, and one of the instance the way in from the endpoint, or from your own address if the endpoint preserves it."],
  unreachable: [502, "There is no way to the address from the endpoint."],
  "host-silent": [503, "The instance's host does not answer at present."],
  "too-many": [503, "The instance's host has as many connections as it takes."],
};
