/**
 * The public endpoint: HTTP in, one action, HTTP out. One address serves every service and region; the credential scope says which (facts §10.5).
 * Every answer is in the protocol of the request's service, errors too; what nobody foresaw becomes `InternalError` and is logged with its cause.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { internalError, isApiError, requestEntityTooLarge, toDirectError, unsupportedOperation } from "../base/api-error.ts";
import type { Log } from "../base/log.ts";
import { randomUuid, type Random } from "../base/random.ts";
import type { SnapshotData } from "../storage/snapshot-data.ts";
import { decodeInput } from "../wire/decode-input.ts";
import { encodeError } from "../wire/encode-error.ts";
import { encodeOutput } from "../wire/encode-output.ts";
import type { HttpRequest, HttpResponse } from "../wire/http-message.ts";
import { identifyOperation, protocolOf } from "../wire/identify-operation.ts";
import type { VerifiedSignature } from "../wire/signature.ts";
import { createSigningKeys, type SigningKeys } from "../wire/signing-key.ts";
import { WireError } from "../wire/wire-error.ts";
import { findAction } from "./actions.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { authenticate, toCaller, toHttpRequest, type AuthenticationParts } from "./authenticate.ts";
import { requireCalledEndpoint } from "./call-origin.ts";
import { isEncrypted } from "./direct-facts.ts";
import { openPipeline, type Pipeline, type RequestFacts } from "./pipeline.ts";

export interface ServerParts extends AuthenticationParts {
  readonly random: Random;
  readonly log: Log;
  readonly pageSecret: Uint8Array;
  readonly longestSettleMs: number;
  readonly snapshots: SnapshotData;
  readonly audit: AuditTrail;
}

/** The largest body of any action: a block of the EBS direct API, with room to spare. */
const largestBody = 1024 * 1024;

/** A body of this size is not in a buffer that it shares with others. */
const wholeBodyBytes = 65_536;

export function apiListener(parts: ServerParts, pipeline = openPipeline(parts)): RequestListener {
  const signingKeys = createSigningKeys();
  return (request, response) => {
    const requestId = randomUuid(parts.random);
    answer(parts, pipeline, signingKeys, request, requestId)
      .then((answered) => send(response, answered))
      .catch((thrown: unknown) => {
        parts.log.error("a request could not be answered", { requestId, error: thrown });
        response.destroy();
      });
  };
}

async function answer(
  parts: ServerParts,
  pipeline: Pipeline,
  signingKeys: SigningKeys,
  message: IncomingMessage,
  requestId: string,
): Promise<HttpResponse> {
  let request = toHttpRequest(message, new Uint8Array());
  let service: string | undefined;
  try {
    request = toHttpRequest(message, await readBody(message));
    const { identity, signature } = await authenticate(parts, signingKeys, request, message.socket);
    service = signature.service;
    const operation = await identifyOperation(request, service);
    const action = findAction(operation.service.id, operation.name);
    if (action === undefined) throw unsupportedOperation(operation.name);
    const input = decodeInput(operation, request);
    const facts = { requestId, ...(await toFacts(parts, message, signature)) };
    const output = await pipeline.run(action, input, toCaller(identity, signature), facts, parts.clock.now());
    return encodeOutput(operation, output as object, requestId); // every action's output is a structure
  } catch (thrown) {
    return toErrorResponse(parts, request, service, thrown, requestId);
  } finally {
    giveBack(request.body);
  }
}

async function toFacts({ store, originOf }: ServerParts, { socket, headers }: IncomingMessage, signature: VerifiedSignature): Promise<Omit<RequestFacts, "requestId">> {
  const common = { userAgent: headers["user-agent"] ?? "", bodySha256: signature.bodySha256 };
  const origin = originOf(socket);
  if (origin === undefined) return { ...common, sourceAddress: socket.remoteAddress ?? "", secure: isEncrypted(socket), endpoint: undefined };
  const { sourceAddress, secure, endpointInterface: id } = origin;
  return { ...common, sourceAddress, secure, endpoint: id === undefined ? undefined : await store.read((tx) => requireCalledEndpoint(tx, id, signature)) };
}

function toErrorResponse(parts: ServerParts, request: HttpRequest, service: string | undefined, thrown: unknown, requestId: string): HttpResponse {
  const known = thrown instanceof WireError || isApiError(thrown);
  if (!known) parts.log.error("an action failed", { requestId, error: thrown });
  const plain = known ? thrown : internalError();
  const error = service === "ebs" && isApiError(plain) ? toDirectError(plain) : plain;
  return encodeError(protocolOf(request, service), { code: error.code, message: error.message, status: error.status, fault: error.fault, requestId, ...(isApiError(error) ? { members: error.members } : {}) });
}

async function readBody(message: IncomingMessage): Promise<Uint8Array> {
  const announced = Number(message.headers["content-length"] ?? 0);
  if (announced > largestBody) throw requestEntityTooLarge(largestBody);
  let body = Buffer.allocUnsafeSlow(announced); // what was not received is not returned
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) { // no encoding was set
    if (size + part.length > largestBody) throw requestEntityTooLarge(largestBody);
    if (size + part.length > body.length) body = Buffer.concat([body.subarray(0, size)], Math.min(largestBody, 2 * (size + part.length)));
    size += part.copy(body, size);
  }
  return body.subarray(0, size);
}

/** V8 collects all garbage again whenever a dozen MiB outside of its heap have become garbage: uploads would spend a third of their time on it. */
function giveBack({ buffer, length }: Uint8Array): void {
  if (length >= wholeBodyBytes && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  response.end(bytes);
}
