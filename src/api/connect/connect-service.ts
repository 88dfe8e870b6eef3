/**
 * Terminals, serial consoles and tunnels over the public endpoint: what arrives as an upgrade to a WebSocket. A request is its signer's; a browser's is that
 * of whoever signed in there, if the page that asked is the service's own.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { authFailure, isApiError } from "../../base/api-error.ts";
import { terminalPath } from "../../base/terminal-protocol.ts";
import type { HostStreams } from "../../compute/host-streams.ts";
import { createSigningKeys } from "../../wire/signing-key.ts";
import { WireError } from "../../wire/wire-error.ts";
import { authenticate, toHttpRequest } from "../authenticate.ts";
import { sessionToken } from "../console/own-page.ts";
import type { Pipeline } from "../pipeline.ts";
import type { ServerParts } from "../server.ts";
import type { TerminalTimes } from "./terminal.ts";
import { openTerminalDesk } from "./terminal-desk.ts";
import { openTerminalSockets } from "./terminal-socket.ts";
import { openTunnelDesk } from "./tunnel-desk.ts";
import { openTunnelDoor, tunnelPath } from "./tunnel-door.ts";
import { browserVisitor, signingVisitor, type Visitor } from "./visitor.ts";
import { usualCheckMs } from "./while-permitted.ts";

export interface ConnectParts extends ServerParts {
  readonly pipeline: Pipeline;
  readonly streams: HostStreams;
  readonly times?: TerminalTimes;
}

export interface ConnectService {
  /** For the `upgrade` event of a server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Terminals that are open. */
  readonly count: number;
  close(): void;
}

/** A signature for another service opens nothing here. */
const signedFor = "ec2-instance-connect";

export const usualTimes: TerminalTimes = { graceMs: 60_000, idleMs: 3_600_000, checkMs: usualCheckMs };

export function openConnectService(parts: ConnectParts): ConnectService {
  const { log, times = usualTimes } = parts;
  const tunnels = openTunnelDesk(parts);
  const tunnelDoor = openTunnelDoor(tunnels, times.checkMs);
  const desk = openTerminalDesk({ ...parts, times, tunnels });
  const sockets = openTerminalSockets(desk, log);
  const signingKeys = createSigningKeys();

  const requireSigner = async (message: IncomingMessage) => {
    const { identity, signature } = await authenticate(parts, signingKeys, toHttpRequest(message, new Uint8Array()), message.socket);
    if (signature.service !== signedFor) throw authFailure(`The credential scope must be of the service ${signedFor}.`);
    return { visitor: signingVisitor(parts, message, identity, { sessionToken: undefined, ...signature }), region: signature.region };
  };
  const recognize = async (message: IncomingMessage): Promise<Visitor> =>
    message.headers.authorization === undefined && sessionToken(message) !== undefined ? browserVisitor(parts, message) : (await requireSigner(message)).visitor;

  const openTunnel = async (message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { visitor, region } = await requireSigner(message);
    await tunnelDoor.accept(message, socket, head, visitor, region);
  };
  const openTerminal = async (message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => sockets.accept(message, socket, head, await recognize(message));
  const paths: Readonly<Record<string, typeof openTunnel>> = { [terminalPath]: openTerminal, [tunnelPath]: openTunnel };

  return {
    upgrade: (message, socket, head) => {
      socket.on("error", () => socket.destroy());
      const open = paths[(message.url ?? "").split("?")[0] ?? ""];
      if (open === undefined) return refuse(socket, 404, "Not Found");
      open(message, socket, head).catch((thrown: unknown) => {
        const known = thrown instanceof WireError || isApiError(thrown);
        if (!known) log.error("a terminal's or tunnel's connection failed", { error: thrown });
        refuse(socket, known ? thrown.status : 500, known ? thrown.message : "The service failed.");
      });
    },
    get count() {
      return desk.count;
    },
    close: () => {
      desk.close();
      sockets.close();
      tunnelDoor.close();
    },
  };
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
