/** The host desk behind its routes, which are those of `host/protocol/exchange.ts`: parses, answers, and hangs up on what is too large. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Log } from "../../base/log.ts";
import { consoleBytes, longPollMs } from "../../host/protocol/exchange.ts";
import { frameStream } from "../../host/protocol/framed-stream.ts";
import { streamProtocol } from "../../host/protocol/stream.ts";
import type { HostDesk, Standing } from "./host-desk.ts";
import { MessageError, parseArrival, parseReportBatch, parseStreamRefusal } from "./parse-report.ts";

const largestBody = 8 * 1024 * 1024;
const statuses: Readonly<Record<Standing, number>> = { welcome: 204, unknown: 404, superseded: 409 };

/** A host's message, however it came. */
export interface HostMessage {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly readBody: () => Promise<Buffer>;
  /** Aborts when the host waits no longer. */
  readonly gone: AbortSignal;
}

export interface HostAnswer {
  readonly status: number;
  readonly body: string;
}

/** Answers an HTTP request under `/v1/hosts/`; returns false for any other. */
export async function answerHost(desk: HostDesk, request: IncomingMessage, response: ServerResponse, log: Log): Promise<boolean> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const message = { method: request.method ?? "", target: request.url ?? "/", readBody: () => readBytes(request), gone: gone.signal };
  const answer = await answerMessage(desk, message, log);
  if (answer === undefined) return false;
  response.writeHead(answer.status, answer.body === "" ? {} : { "content-type": "application/json" });
  response.end(answer.body);
  return true;
}

const streamPath = /^\/v1\/hosts\/(?<host>[^/]+)\/streams\/(?<id>[\w-]+)$/;

/** A host that dials a stream: the socket becomes the host's end of it. */
export function answerUpgrade(desk: HostDesk, { url = "", headers }: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { host, id } = streamPath.exec(url)?.groups ?? {};
  const isStream = host !== undefined && id !== undefined && headers.upgrade === streamProtocol;
  socket.on("error", () => socket.destroy());
  if (head.length > 0) socket.unshift(head);
  // Said before it is taken: what takes it may write at once.
  if (isStream && desk.streams.isOrdered(decodeURIComponent(host), id)) {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${streamProtocol}\r\n\r\n`);
    desk.streams.join(decodeURIComponent(host), id, frameStream(socket));
  } else {
    socket.end("HTTP/1.1 410 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
}

/** Answers a message whose path is under `/v1/hosts/`; undefined for any other. */
export async function answerMessage(desk: HostDesk, message: HostMessage, log: Log): Promise<HostAnswer | undefined> {
  const url = new URL(message.target, "http://control.invalid");
  const [, version, collection, hostId, thing, id, ...rest] = url.pathname.split("/");
  if (version !== "v1" || collection !== "hosts" || hostId === undefined || thing === undefined || rest.length > 0) return undefined;
  try {
    return await route(desk, message, { hostId, thing, id, query: url.searchParams });
  } catch (thrown) {
    if (thrown instanceof MessageError || thrown instanceof SyntaxError) return { status: 400, body: thrown.message };
    log.error("a host's message could not be handled", { hostId, thing, error: thrown });
    return { status: 500, body: "" };
  }
}

interface Route {
  readonly hostId: string;
  readonly thing: string;
  readonly id: string | undefined;
  readonly query: URLSearchParams;
}

async function route(desk: HostDesk, { method, readBody, gone }: HostMessage, at: Route): Promise<HostAnswer> {
  const number = (name: string): number => Number(at.query.get(name) ?? 0) || 0;
  const readJson = async (): Promise<unknown> => JSON.parse((await readBody()).toString("utf8"));
  switch (`${method} ${at.thing}`) {
    case "PUT description":
      return answer(statuses[await desk.arrive(at.hostId, parseArrival(await readJson()))]);
    case "POST reports":
      return answer(statuses[await desk.report(at.hostId, parseReportBatch(await readJson()))]);
    case "GET specifications": {
      const waitMs = Math.min(longPollMs, Math.max(0, number("waitMs")));
      const page = await desk.poll(at.hostId, number("incarnation"), number("since"), waitMs, gone);
      return typeof page === "string" ? answer(statuses[page]) : answer(200, JSON.stringify(page));
    }
    case "PUT consoles":
      if (at.id === undefined) throw new MessageError("a console needs its instance's id");
      await desk.recordConsole(at.hostId, at.id, number("run"), (await readBody()).subarray(-consoleBytes), number("settled") === 1);
      return answer(204);
    case "POST streams":
      if (at.id === undefined) throw new MessageError("a stream needs its id");
      desk.streams.refuse(at.hostId, at.id, parseStreamRefusal(await readJson()).code);
      return answer(204);
    default:
      return answer(405);
  }
}

function answer(status: number, body = ""): HostAnswer {
  return { status, body };
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    parts.push(part as Buffer); // no encoding was set
    size += (part as Buffer).length; // as above
    if (size > largestBody) throw new MessageError("the message is too large");
  }
  return Buffer.concat(parts);
}
