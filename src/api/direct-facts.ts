/** What is known of a request that came to the public endpoint itself, besides what it asks for. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { randomUuid, type Random } from "../base/random.ts";
import type { RequestFacts } from "./pipeline.ts";

export function toDirectFacts({ socket, headers }: IncomingMessage, random: Random): RequestFacts {
  return { requestId: randomUuid(random), sourceAddress: socket.remoteAddress ?? "", userAgent: headers["user-agent"] ?? "", bodySha256: undefined, secure: isEncrypted(socket), endpoint: undefined };
}

/** By TLS. */
export function isEncrypted(socket: Socket): boolean {
  return socket instanceof TLSSocket;
}
