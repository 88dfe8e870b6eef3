/**
 * The console's door: signing in and out, and calls of the public API by whoever is signed in. JSON over POST from the service's own pages only; the
 * session is in a cookie that no script and no other site's page can use. Pages are served by `pages.ts`.
 *
 *   POST /console/api/sign-in   { account, user?, password, code?, newPassword? } or { link }   → who it is, and the cookie
 *   POST /console/api/sign-out
 *   POST /console/api/session                                              → who it is, or 401
 *   POST /console/api/call      { service, action, region, input }         → the action's output
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isApiError } from "../../base/api-error.ts";
import { findRegion, regions } from "../../base/regions.ts";
import { endSession, findSessionPrincipal, sessionMs } from "../../iam/browser-session.ts";
import type { Principal } from "../../iam/identity.ts";
import { decodeJsonInput } from "../../wire/decode-input.ts";
import { encodeJsonOutput } from "../../wire/encode-output.ts";
import { findOperation, loadService } from "../../wire/services.ts";
import { WireError } from "../../wire/wire-error.ts";
import { findAction } from "../actions.ts";
import { AttemptThrottle } from "../attempt-throttle.ts";
import { toDirectFacts } from "../direct-facts.ts";
import type { Pipeline } from "../pipeline.ts";
import { ConsoleError } from "./console-error.ts";
import { isOwnOrigin, sessionCookie, sessionToken } from "./own-page.ts";
import { signIn, type SignInParts } from "./sign-in.ts";

export interface ConsoleParts extends SignInParts {
  readonly pipeline: Pipeline;
}

const largestBody = 64 * 1024;

type Handler = (request: IncomingMessage, response: ServerResponse, body: Readonly<Record<string, unknown>>) => Promise<string>;

/** Answers what is under `/console/api/`. */
export function consoleApi(parts: ConsoleParts): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const attempts = new AttemptThrottle();
  const handlers: Readonly<Record<string, Handler>> = {
    "sign-in": async (request, response, body) => {
      const { token, principal } = await signIn(parts, attempts, request, body);
      response.setHeader("set-cookie", sessionCookie(request, token, sessionMs / 1000));
      return JSON.stringify(toSessionView(principal));
    },
    "sign-out": async (request, response) => {
      const token = sessionToken(request);
      if (token !== undefined) await parts.store.write((tx) => endSession(tx, token));
      response.setHeader("set-cookie", sessionCookie(request, undefined, 0));
      return "{}";
    },
    session: async (request) => JSON.stringify(toSessionView(await requirePrincipal(parts, request))),
    call: (request, _response, body) => call(parts, request, body),
  };
  return async (request, response) => {
    const [status, text] = await answer(parts, handlers, request, response);
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" });
    response.end(text);
  };
}

async function answer({ log }: ConsoleParts, handlers: Readonly<Record<string, Handler>>, request: IncomingMessage, response: ServerResponse): Promise<readonly [status: number, text: string]> {
  try {
    const name = (request.url ?? "").slice("/console/api/".length);
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (handler === undefined) throw new ConsoleError(404, "NotFound", "There is nothing here.");
    if (request.method !== "POST" || !isOwnOrigin(request)) throw new ConsoleError(403, "ForeignPage", "Only pages of this service may ask this.");
    return [200, await handler(request, response, await readBody(request))];
  } catch (thrown) {
    if (thrown instanceof ConsoleError || thrown instanceof WireError || isApiError(thrown)) return [thrown.status, JSON.stringify({ code: thrown.code, message: thrown.message })];
    log.error("a request of the console failed", { error: thrown });
    return [500, JSON.stringify({ code: "InternalError", message: "The service failed. Its log says why." })];
  }
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (request.headers["content-type"] !== "application/json") throw new ConsoleError(415, "UnsupportedMediaType", "The body must be JSON.");
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) { // no encoding was set
    if ((size += part.length) > largestBody) throw new ConsoleError(413, "RequestEntityTooLarge", "The request is too large.");
    parts.push(part);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>; // an array has none of the members
  } catch {
    // Answered below.
  }
  throw new ConsoleError(400, "MalformedInput", "The body is not a JSON object.");
}

async function requirePrincipal({ store, clock }: ConsoleParts, request: IncomingMessage): Promise<Principal> {
  const token = sessionToken(request);
  const principal = token === undefined ? undefined : await store.read((tx) => findSessionPrincipal(tx, token, clock.now()));
  if (principal === undefined) throw new ConsoleError(401, "SignedOut", "You are not signed in, or not any more.");
  return principal;
}

function toSessionView({ account, arn, entity }: Principal): object {
  return { account, arn, name: entity?.name ?? "root", regions: regions.map(({ name }) => name) };
}

async function call(parts: ConsoleParts, request: IncomingMessage, { service, action: name, region, input }: Readonly<Record<string, unknown>>): Promise<string> {
  const principal = await requirePrincipal(parts, request);
  const action = findAction(String(service), String(name));
  const operation = action === undefined ? undefined : findOperation(await loadService(action.service), action.name);
  if (action === undefined || operation === undefined) throw new ConsoleError(400, "InvalidAction", "There is no such action.");
  if (typeof region !== "string" || findRegion(region) === undefined) throw new ConsoleError(400, "InvalidRegion", "There is no such region.");
  const output = await parts.pipeline.run(action, decodeJsonInput(operation, input ?? {}), { ...principal, region, accessKeyId: "" }, toDirectFacts(request, parts.random), parts.clock.now());
  return encodeJsonOutput(operation, output as object); // every action's output is a structure
}
