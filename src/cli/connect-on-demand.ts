/** Terminals in guests, loaded when somebody first asks for one: their libraries take as long to load as a good part of the control plane. */
import type { IncomingMessage } from "node:http";
import type { Server } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectParts, ConnectService } from "../api/connect/connect-service.ts";

/** Answers the HTTP servers' upgrades. Returns what ends it all. */
export function serveConnections(servers: readonly Server[], parts: ConnectParts): () => Promise<void> {
  let service: Promise<ConnectService> | undefined;
  const accept = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    service ??= import("../api/connect/connect-service.ts").then(({ openConnectService }) => openConnectService(parts));
    service.then(({ upgrade }) => upgrade(request, socket, head)).catch((error: unknown) => {
      parts.log.error("terminals cannot be served", { error });
      socket.destroy();
    });
  };
  for (const server of servers) server.on("upgrade", accept);
  return async () => (await service)?.close();
}
