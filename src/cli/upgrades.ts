/** Requests that become something else than HTTP, by what they ask to be upgraded to. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

export type AcceptUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** One for each protocol; whoever asks for another is told that there is none, and hung up on. */
export function upgradesBy(protocols: Readonly<Record<string, AcceptUpgrade>>): AcceptUpgrade {
  return (request, socket, head) => {
    const wanted = request.headers.upgrade ?? "";
    const accept = Object.hasOwn(protocols, wanted) ? protocols[wanted] : undefined;
    if (accept !== undefined) return accept(request, socket, head);
    socket.on("error", () => socket.destroy());
    socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
  };
}
