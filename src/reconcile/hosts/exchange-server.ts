/** HTTP around the host desk: parses, answers, and hangs up on what is too large. Its routes are those of `host/protocol/exchange.ts`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Log } from "../../base/log.ts";
import { consoleBytes, longPollMs } from "../../host/protocol/exchange.ts";
import type { HostDesk, Standing } from "./host-desk.ts";
import { MessageError, parseArrival, parseReportBatch } from "./parse-report.ts";

const largestBody = 8 * 1024 * 1024;
const statuses: Readonly<Record<Standing, number>> = { welcome: 204, unknown: 404, superseded: 409 };

/** Answers a request under `/v1/hosts/`; returns false for any other. */
export async function answerHost(desk: HostDesk, request: IncomingMessage, response: ServerResponse, log: Log): Promise<boolean> {
  const url = new URL(request.url ?? "/", "http://control.invalid");
  const [, version, collection, hostId, thing, id, ...rest] = url.pathname.split("/");
  if (version !== "v1" || collection !== "hosts" || hostId === undefined || thing === undefined || rest.length > 0) return false;
  try {
    await route(desk, request, response, { method: request.method ?? "", hostId, thing, id, query: url.searchParams });
  } catch (thrown) {
    if (thrown instanceof MessageError || thrown instanceof SyntaxError) return end(response, 400, thrown.message);
    log.error("a host's message could not be handled", { hostId, thing, error: thrown });
    return end(response, 500, "");
  }
  return true;
}

interface Route {
  readonly method: string;
  readonly hostId: string;
  readonly thing: string;
  readonly id: string | undefined;
  readonly query: URLSearchParams;
}

async function route(desk: HostDesk, request: IncomingMessage, response: ServerResponse, at: Route): Promise<void> {
  const number = (name: string): number => Number(at.query.get(name) ?? 0) || 0;
  switch (`${at.method} ${at.thing}`) {
    case "PUT description":
      end(response, statuses[await desk.arrive(at.hostId, parseArrival(JSON.parse(await readText(request))))]);
      return;
    case "POST reports":
      end(response, statuses[await desk.report(at.hostId, parseReportBatch(JSON.parse(await readText(request))))]);
      return;
    case "GET specifications": {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      const waitMs = Math.min(longPollMs, Math.max(0, number("waitMs")));
      const page = await desk.poll(at.hostId, number("incarnation"), number("since"), waitMs, gone.signal);
      if (typeof page === "string") end(response, statuses[page]);
      else end(response, 200, JSON.stringify(page));
      return;
    }
    case "PUT consoles":
      if (at.id === undefined) throw new MessageError("a console needs its instance's id");
      await desk.recordConsole(at.hostId, at.id, number("run"), (await readBytes(request)).subarray(-consoleBytes), number("settled") === 1);
      end(response, 204);
      return;
    default:
      end(response, 405);
  }
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

async function readText(request: IncomingMessage): Promise<string> {
  return (await readBytes(request)).toString("utf8");
}

function end(response: ServerResponse, status: number, body = ""): true {
  response.writeHead(status, body === "" ? {} : { "content-type": "application/json" });
  response.end(body);
  return true;
}
