/** One request to the control plane and its answer: HTTP/1.1 over a Unix socket or over TLS, or whatever a test or a simulated host puts here. */
import { Agent, request, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { controlPlaneName, versionHeader } from "../protocol/joining.ts";

export interface ControlPlaneRequest {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: string | Uint8Array };
  /** A control plane that has not answered by then is treated as gone. */
  readonly timeoutMs: number;
}

export interface ControlPlaneAnswer {
  readonly status: number;
  readonly text: string;
}

/** A connection of its own, for what the control plane calls `protocol`; rejects when it takes none. */
export type DialControlPlane = (path: string, protocol: string) => Promise<Duplex>;

export interface ControlPlaneTransport {
  /** Rejects when no answer came: refused, cut off, too late. Whether the request was carried out is then unknown. */
  send(request: ControlPlaneRequest, signal: AbortSignal): Promise<ControlPlaneAnswer>;
  readonly dial: DialControlPlane;
  close(): void;
}

const pool = { keepAlive: true, maxSockets: Infinity, maxFreeSockets: 16 };

/** Many hosts of one process may share it: connections are kept and used again. */
export function unixSocketTransport(socketPath: string): ControlPlaneTransport {
  const agent = new Agent(pool);
  return { close: () => agent.destroy(), dial: unixSocketDial(socketPath), send: (message, signal) => send(message, (options, answered) => request({ ...options, socketPath, agent, signal }, answered)) };
}

export function unixSocketDial(socketPath: string): DialControlPlane {
  return (path, protocol) => upgraded(request({ socketPath, path, headers: { connection: "Upgrade", upgrade: protocol }, timeout: dialMs }));
}

export interface TlsPeer {
  /** `https://ADDRESS:PORT`. */
  readonly url: string;
  /** The certificate of the authority that the control plane's must be of, PEM. */
  readonly authority: string;
  /** The host's own; a machine that is only joining has none. */
  readonly own?: { readonly certificate: string; readonly key: string };
  /** As in the header of requests. */
  readonly version: string;
}

/** To the control plane of another machine (`protocol/joining.ts`). */
export function tlsTransport(peer: TlsPeer): ControlPlaneTransport {
  const { hostname, port } = new URL(peer.url);
  const { version } = peer;
  const agent = new TlsAgent({ ...pool, ...secureOptions(peer) });
  return {
    close: () => agent.destroy(),
    dial: tlsDial(peer),
    send: (message, signal) => send(message, (options, answered) => tlsRequest({ ...options, headers: { ...options.headers, [versionHeader]: version }, hostname, port, agent, signal }, answered)),
  };
}

export function tlsDial(peer: TlsPeer): DialControlPlane {
  const { hostname, port } = new URL(peer.url);
  return (path, protocol) => {
    const headers = { connection: "Upgrade", upgrade: protocol, [versionHeader]: peer.version };
    return upgraded(tlsRequest({ hostname, port, path, headers, timeout: dialMs, agent: false, ...secureOptions(peer) }));
  };
}

/** What Node.js is to know to speak to this peer and no other. */
export function secureOptions({ authority, own }: TlsPeer) {
  return { ca: authority, servername: controlPlaneName, minVersion: "TLSv1.3" as const, ...(own === undefined ? {} : { cert: own.certificate, key: own.key }) };
}

const dialMs = 10_000;

function upgraded(call: ClientRequest): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    call.on("upgrade", (_answer, socket, head) => {
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    call.on("response", () => (call.destroy(), reject(new Error("the control plane takes no such connection"))));
    call.on("timeout", () => call.destroy(new Error(`the control plane did not answer within ${dialMs} ms`)));
    call.on("error", reject);
    call.end();
  });
}

type Start = (options: Pick<RequestOptions, "method" | "path" | "timeout"> & { readonly headers: Readonly<Record<string, string | number>> }, answered: (answer: IncomingMessage) => void) => ClientRequest;

function send({ method, path, body, timeoutMs }: ControlPlaneRequest, start: Start): Promise<ControlPlaneAnswer> {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? undefined : Buffer.from(body.content);
    const headers = body === undefined ? {} : { "content-type": body.type, "content-length": content?.length ?? 0 };
    const call = start({ method, path, headers, timeout: timeoutMs }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      answer.on("error", reject);
    });
    call.on("timeout", () => call.destroy(new Error(`the control plane did not answer within ${timeoutMs} ms`)));
    call.on("error", reject);
    call.end(content);
  });
}
