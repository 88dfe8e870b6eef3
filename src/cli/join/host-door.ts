/**
 * The control plane's door for hosts on other machines (`host/protocol/joining.ts`): TLS with the installation's own certificates. Whoever has no certificate of
 * a joined host can only join; whoever has one speaks for that host and no other. A program that speaks another protocol is turned away, and told both versions.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { controlPlaneName, parseHostImagePath, speaksTheSame, versionHeader, type Admission, type JoinRequest, type Refusal } from "../../host/protocol/joining.ts";
import { answerHost } from "../../reconcile/hosts/exchange-server.ts";
import type { HostDesk } from "../../reconcile/hosts/host-desk.ts";
import type { Store } from "../../store/store.ts";
import type { CertificateAuthority } from "../certificate-authority.ts";
import { admit, isJoined, JoinRefusedError, keyDigest } from "./join-desk.ts";

export interface HostDoorParts {
  readonly store: Store;
  readonly desk: HostDesk;
  readonly authority: CertificateAuthority;
  readonly installation: string;
  readonly underlay: string;
  readonly publicPool: string;
  readonly imagesDirectory: string;
  /** The files that instance identity documents are signed with. */
  readonly readIdentity: () => Promise<Admission["identity"]>;
  /** Takes a host's connection for a guest to the services. */
  readonly acceptUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** As in the header of requests. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

const largestRequest = 16 * 1024;

/** Not listening yet. */
export function openHostDoor(parts: HostDoorParts): Server {
  const { key, certificate } = parts.authority.issueServer(controlPlaneName);
  // Who has no certificate may still join, so that what is asked for decides.
  const server = createServer({ key, cert: certificate, ca: parts.authority.certificate, requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.3" }, (request, response) => {
    answer(parts, request, response).catch((thrown: unknown) => {
      parts.log.error("a request of another machine failed", { path: request.url, error: thrown });
      if (response.headersSent) response.destroy();
      else end(response, 500, { message: "The control plane failed; its log says why." });
    });
  });
  server.keepAliveTimeout = 65_000;
  server.on("upgrade", (request, socket, head) => {
    acceptUpgrade(parts, request, socket, head).catch((thrown: unknown) => {
      parts.log.error("a connection of another machine failed", { path: request.url, error: thrown });
      socket.destroy();
    });
  });
  return server;
}

/** What guests of the host ask of the services; a host that may not speak is hung up on. */
async function acceptUpgrade(parts: HostDoorParts, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on("error", () => socket.destroy());
  const host = speaksTheSame(request.headers[versionHeader], parts.version) ? await findSpeaker(parts.store, request.socket as TLSSocket) : undefined; // it came by a TLS server
  if (host !== undefined && speaksFor(host, request)) parts.acceptUpgrade(request, socket, head);
  else socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
}

function speaksFor(host: string, { url }: IncomingMessage): boolean {
  return url?.startsWith(`/v1/hosts/${encodeURIComponent(host)}/`) === true;
}

async function answer(parts: HostDoorParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const theirs = request.headers[versionHeader];
  if (!speaksTheSame(theirs, parts.version)) {
    const message = `This machine has version ${String(theirs)} of Hostelry, and the control plane has version ${parts.version}.`;
    return end(response, 426, { message, remedy: "Bring both to the same version; the guests go on meanwhile." });
  }
  if (`${request.method} ${request.url}` === "POST /v1/join") return admitMachine(parts, request, response);
  const host = await findSpeaker(parts.store, request.socket as TLSSocket); // it came by a TLS server
  if (host === undefined) return end(response, 403, { message: "The certificate of this machine is no joined host's of this installation.", remedy: "Join again with a new token.", forgotten: true });
  if (!speaksFor(host, request)) return end(response, 403, { message: `This machine is the host ${host} and speaks for no other.` });
  const image = request.method === "GET" ? parseHostImagePath(request.url ?? "") : undefined;
  if (image !== undefined) return sendImage(join(parts.imagesDirectory, image), response);
  if (!(await answerHost(parts.desk, request, response, parts.log))) end(response, 404, { message: "There is no such path." });
}

/** A host that hangs up has what it has. */
async function sendImage(file: string, response: ServerResponse): Promise<void> {
  const size = await stat(file).then((found) => (found.isFile() ? found.size : undefined), () => undefined);
  if (size === undefined) return end(response, 404, { message: "There is no such file." });
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": size });
  await pipeline(createReadStream(file), response).catch(() => response.destroy());
}

/** The host whose certificate the caller has shown and proved. */
async function findSpeaker(store: Store, socket: TLSSocket): Promise<string | undefined> {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const host = /^CN=(.+)$/.exec(certificate?.subject ?? "")?.[1];
  if (certificate === undefined || host === undefined) return undefined;
  const publicKey = keyDigest(String(certificate.publicKey.export({ format: "pem", type: "spki" })));
  return (await store.read((tx) => isJoined(tx, host, publicKey))) ? host : undefined;
}

async function admitMachine(parts: HostDoorParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { store, authority, installation, underlay, publicPool, clock, log } = parts;
  const wish = parseRequest(await readText(request));
  if (wish === undefined) return end(response, 400, { message: "The request to join cannot be read." });
  const identity = await parts.readIdentity();
  try {
    const host = await store.write((tx) => admit(tx, wish, { underlay, now: clock.now() }));
    const certificate = authority.issueClient(host.id, wish.publicKey);
    log.info("a machine has joined as a host", { host: host.id, zone: host.zone });
    const admission: Admission = { host: host.id, zone: host.zone, installation, certificate, underlay: { address: host.underlay_address, block: underlay, publicPool }, identity };
    end(response, 200, admission);
  } catch (thrown) {
    if (!(thrown instanceof JoinRefusedError)) throw thrown;
    log.warn("a machine was refused as a host", { reason: thrown.message });
    end(response, 403, { message: thrown.message, remedy: thrown.remedy });
  }
}

function parseRequest(text: string): JoinRequest | undefined {
  try {
    const { secret, publicKey, machine } = JSON.parse(text) as Partial<Record<keyof JoinRequest, unknown>>; // checked next
    const { cpus, memoryMib } = machine as Partial<Record<keyof JoinRequest["machine"], unknown>>; // likewise
    if (typeof secret !== "string" || typeof publicKey !== "string" || !isSize(cpus) || !isSize(memoryMib)) return undefined;
    keyDigest(publicKey); // fails for what is no key
    return { secret, publicKey, machine: machine as JoinRequest["machine"] }; // what is used of it was checked
  } catch {
    return undefined;
  }
}

function isSize(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31;
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    parts.push(part as Buffer); // no encoding was set
    size += (part as Buffer).length; // as above
    if (size > largestRequest) return "";
  }
  return Buffer.concat(parts).toString("utf8");
}

function end(response: ServerResponse, status: number, body: Admission | Refusal): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
