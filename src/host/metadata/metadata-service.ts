/**
 * The instance metadata service at 169.254.169.254, and at fd00:ec2::254 where an instance's options say so, for the guests of one host (facts §8). Each
 * interface has a port of its own, to which the network sends its guest's requests and nobody else's: who asks is known by the port, never by what is said.
 *
 * Promised: answers are made from the specification as it is at that moment; tokens survive a restart of the agent. Every answer
 * closes its connection, as EC2's do, and so begins a connection's stream: by this the network knows a token's answer and
 * limits its hops (`metadata-reply.ts`). A guest cannot hold the agent up: slow, large and too many requests are cut off.
 */
import { readFileSync, renameSync, writeFileSync, mkdirSync } from "node:fs";
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { InterfaceId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { tokenTtlHeader } from "../network/metadata-reply.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { answerMetadata, type AnswerParts, type MetadataAnswer } from "./answer.ts";
import type { IdentitySigner } from "./identity-signer.ts";

export interface MetadataServiceOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Kept for as long as tokens are to be good; made when missing. */
  readonly secretFile: string;
  readonly signer: IdentitySigner;
  /**
   * Called with the instance's hop limit before a token leaves; the answer waits for it. Must be quick when nothing changed:
   * the host network's `setTokenHopLimit`.
   */
  readonly setHopLimit: (interfaceId: InterfaceId, hopLimit: number) => Promise<void>;
  readonly log: Log;
}

export interface MetadataService {
  /** Answers at this port for the interface's machine, until `stop`; calls `heard` at each request. May be repeated. */
  serve(port: number, machine: () => MachineSpecification | undefined, interfaceId: InterfaceId, heard?: () => void): Promise<void>;
  stop(port: number): Promise<void>;
  close(): Promise<void>;
}

interface Listener {
  readonly server: Server;
  machine: () => MachineSpecification | undefined;
  interfaceId: InterfaceId;
  heard: () => void;
}

const limits = { headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 8_192, connectionsCheckingInterval: 5_000 };
const connectionLimit = 64;

export async function openMetadataService(options: MetadataServiceOptions): Promise<MetadataService> {
  return new ListeningService(options, ensureSecret(options.secretFile, options.random));
}

class ListeningService implements MetadataService {
  readonly #options: MetadataServiceOptions;
  readonly #parts: AnswerParts;
  readonly #listeners = new Map<number, Listener>();

  constructor(options: MetadataServiceOptions, secret: Uint8Array) {
    this.#options = options;
    this.#parts = { clock: options.clock, random: options.random, secret, signer: options.signer };
  }

  async serve(port: number, machine: () => MachineSpecification | undefined, interfaceId: InterfaceId, heard: () => void = () => {}): Promise<void> {
    const known = this.#listeners.get(port);
    if (known !== undefined) {
      Object.assign(known, { machine, interfaceId, heard });
      return;
    }
    const server = createServer(limits);
    // A client may end its side behind the request (netcat does) and still wants the answer.
    Object.assign(server, { maxConnections: connectionLimit, httpAllowHalfOpen: true });
    const listener: Listener = { server, machine, interfaceId, heard };
    this.#listeners.set(port, listener);
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.#handle(listener, request, response);
    // No "100 Continue" either: whatever it was sent with would no longer begin the stream.
    for (const event of ["request", "checkContinue", "checkExpectation"] as const) server.on(event, handle);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => (this.#listeners.delete(port), reject(error)));
      server.listen(port, "::", resolve); // of IPv4 too
    });
  }

  async stop(port: number): Promise<void> {
    const listener = this.#listeners.get(port);
    this.#listeners.delete(port);
    if (listener === undefined) return;
    await new Promise<void>((resolve) => {
      listener.server.close(() => resolve());
      listener.server.closeAllConnections();
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#listeners.keys()].map((port) => this.stop(port)));
  }

  async #handle(listener: Listener, request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    listener.heard();
    response.on("error", () => {});
    try {
      const machine = listener.machine();
      if (!isOpenTo(request, machine)) return void request.socket.destroy();
      const { method = "", url = "", headers } = request;
      const answer = await answerMetadata({ method, target: url, headers }, machine, this.#parts);
      if (answer.isToken === true && machine !== undefined) {
        await this.#options.setHopLimit(listener.interfaceId, machine.metadata.options.httpPutResponseHopLimit);
      }
      this.#send(response, answer, method === "HEAD", machine?.metadata.pendingTime);
    } catch (error) {
      this.#options.log.error("a metadata request could not be answered", { interface: listener.interfaceId, error });
      if (response.headersSent) response.destroy();
      else this.#send(response, { status: 503, contentType: "text/plain", body: "" }, false, undefined);
    }
  }

  #send(response: ServerResponse, answer: MetadataAnswer, headOnly: boolean, changed: string | undefined): void {
    const page = answer.status === 200 || answer.status === 405 ? answer.body : errorPage(answer.status);
    const contentType = answer.status === 200 || answer.status === 405 ? answer.contentType : "text/html";
    const end = {
      "Content-Length": String(Buffer.byteLength(page)),
      Date: new Date(this.#options.clock.now()).toUTCString(),
      Server: "EC2ws",
      Connection: "close",
    };
    const session = answer.tokenSeconds === undefined ? {} : { [tokenTtlHeader]: String(answer.tokenSeconds) };
    const described = { "Content-Type": contentType, "Accept-Ranges": "none", ...lastModified(changed) };
    const allow = answer.allow === undefined ? {} : { Allow: answer.allow };
    // The order matters: only a token's answer begins with this header.
    const headers = answer.isToken === true ? { ...session, ...end, "Content-Type": contentType } : { ...described, ...allow, ...end, ...session };
    response.writeHead(answer.status, headers);
    response.end(headOnly ? undefined : page);
  }
}

function lastModified(iso: string | undefined): Readonly<Record<string, string>> {
  const time = Date.parse(iso ?? "");
  return Number.isNaN(time) ? {} : { "Last-Modified": new Date(time).toUTCString() };
}

/** Over IPv6 only where the instance's options say so. */
function isOpenTo({ socket }: IncomingMessage, machine: MachineSpecification | undefined): boolean {
  return isIpv4Mapped(socket.localAddress) || machine?.metadata.options.httpProtocolIpv6 === "enabled";
}

/** As a listener for both families names an address of IPv4. */
function isIpv4Mapped(address = ""): boolean {
  return address.startsWith("::ffff:");
}

function errorPage(status: number): string {
  const title = `${status} - ${STATUS_CODES[status]}`;
  return `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${title}</title>
 </head>
 <body>
  <h1>${title}</h1>
 </body>
</html>
`;
}

const secretBytes = 32;

function ensureSecret(file: string, random: Random): Uint8Array {
  try {
    const kept = readFileSync(file);
    if (kept.length === secretBytes) return kept;
  } catch {
    // None yet.
  }
  const secret = random.bytes(secretBytes);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, secret, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secret;
}
