/**
 * Where hosts' agents bring their guests' connections to the services of this installation: each becomes a connection of the public API's server, which is told
 * of it what the agent said. TLS ends here, so that no host has the key of the services' certificate.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { CallOrigin } from "../api/call-origin.ts";
import { parseServiceConnection, serviceUpgrade } from "../host/protocol/service-connection.ts";
import type { ServiceCertificates } from "./service-certificates.ts";
import type { AcceptUpgrade } from "./upgrades.ts";

export interface ServiceDoor {
  /** Of a connection that came through here. */
  originOf(connection: Socket): CallOrigin | undefined;
  /** Whose connections they become; to be said first. */
  leadTo(api: Server): void;
  /** Takes a request that is to be upgraded to `serviceUpgrade`. */
  readonly accept: AcceptUpgrade;
  /** Ends the connections that came through here. */
  close(): void;
}

/** Without certificates connections by TLS are hung up on. */
export function openServiceDoor(certificates: ServiceCertificates | undefined): ServiceDoor {
  const origins = new WeakMap<Duplex, CallOrigin>();
  const open = new Set<Duplex>();
  let api: Server | undefined;
  const accept: AcceptUpgrade = (request, socket, head) => {
    const connection = parseServiceConnection(request.url ?? "");
    socket.on("error", () => socket.destroy());
    if (connection === undefined || (connection.secure && certificates === undefined)) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      return;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${serviceUpgrade}\r\n\r\n`);
    if (head.length > 0) socket.unshift(head);
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const carried = connection.secure && certificates !== undefined ? secured(socket as Socket, certificates) : socket; // an HTTP server's connections are sockets
    origins.set(carried, { sourceAddress: connection.address, secure: connection.secure, endpointInterface: connection.endpointInterface });
    api?.emit("connection", carried);
  };
  return {
    originOf: (connection) => origins.get(connection),
    accept,
    leadTo: (server) => {
      api = server;
    },
    close: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

/** A handshake that fails ends the connection. */
function secured(socket: Socket, certificates: ServiceCertificates): TLSSocket {
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext: certificates.contextFor(undefined),
    SNICallback: (name, done) => done(null, certificates.contextFor(name)),
    ALPNProtocols: ["http/1.1"],
  });
  tls.on("error", () => tls.destroy());
  return tls;
}
