/**
 * The public endpoint: HTTP in, one action, HTTP out. One address serves every service and region; the credential scope says which (facts §10.5).
 * Every answer is in the protocol of the request's service, errors too; what nobody foresaw becomes `InternalError` and is logged with its cause.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { authFailure, internalError, isApiError, requestEntityTooLarge, toDirectError, unsupportedOperation } from "../base/api-error.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { randomUuid, type Random } from "../base/random.ts";
import { findRegion } from "../base/regions.ts";
import { findIdentity, type Identity } from "../iam/identity.ts";
import type { SecretKey } from "../iam/secret.ts";
import type { SnapshotData } from "../storage/snapshot-data.ts";
import type { Store, Tx } from "../store/store.ts";
import { authenticationError } from "../wire/authentication-error.ts";
import { decodeInput } from "../wire/decode-input.ts";
import { encodeError } from "../wire/encode-error.ts";
import { encodeOutput } from "../wire/encode-output.ts";
import type { HttpRequest, HttpResponse } from "../wire/http-message.ts";
import { identifyOperation, protocolOf } from "../wire/identify-operation.ts";
import { verifySignature, type VerifiedSignature } from "../wire/signature.ts";
import { createSigningKeys, type SigningKeys } from "../wire/signing-key.ts";
import { WireError } from "../wire/wire-error.ts";
import { findAction } from "./actions.ts";
import type { Caller } from "./action.ts";
import { openPipeline, type Pipeline } from "./pipeline.ts";

export interface ServerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly openAccounts: boolean;
  readonly pageSecret: Uint8Array;
  readonly longestSettleMs: number;
  readonly snapshots: SnapshotData;
  readonly secretKey: SecretKey;
}

/** The largest body of any action: a block of the EBS direct API, with room to spare. */
const largestBody = 1024 * 1024;

export function apiListener(parts: ServerParts): RequestListener {
  const pipeline = openPipeline(parts);
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
    const { identity, signature } = await authenticate(parts, signingKeys, request);
    service = signature.service;
    const operation = await identifyOperation(request, service);
    const action = findAction(operation.service.id, operation.name);
    if (action === undefined) throw unsupportedOperation(operation.name);
    const input = decodeInput(operation, request);
    const facts = { sourceAddress: message.socket.remoteAddress ?? "", userAgent: message.headers["user-agent"] ?? "", bodySha256: signature.bodySha256 };
    const output = await pipeline.run(action, input, toCaller(identity, signature), facts, parts.clock.now());
    return encodeOutput(operation, output as object, requestId); // every action's output is a structure
  } catch (thrown) {
    return toErrorResponse(parts, request, service, thrown, requestId);
  }
}

async function authenticate(
  { store, clock, openAccounts, secretKey }: ServerParts,
  signingKeys: SigningKeys,
  request: HttpRequest,
): Promise<{ identity: Identity; signature: VerifiedSignature }> {
  let identity: Identity | undefined;
  const signature = await verifySignature(request, {
    signingKeys,
    now: () => clock.now(),
    findSecret: async (accessKeyId, sessionToken) => {
      const find = (tx: Tx) => findIdentity(tx, { accessKeyId, sessionToken }, { openAccounts, secretKey });
      identity = await store.read((tx) => (sessionToken === undefined ? tx.recall(`identity ${accessKeyId}`, () => find(tx), isKnown) : find(tx)));
      return identity?.secret;
    },
  });
  if (identity === undefined) throw authFailure();
  if ((identity.session?.expiresAt ?? Infinity) <= clock.now()) throw authenticationError(protocolOf(request, signature.service), "expiredToken");
  if (findRegion(signature.region) === undefined) throw authFailure(`The region '${signature.region}' in the credential scope does not exist.`);
  return { identity, signature };
}

/** Of access keys that nobody has there are too many. */
function isKnown(identity: Identity | undefined): boolean {
  return identity !== undefined;
}

function toCaller({ secret: _kept, ...principal }: Identity, { region }: VerifiedSignature): Caller {
  return { ...principal, region };
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
  let body = Buffer.alloc(announced);
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) { // no encoding was set
    if (size + part.length > largestBody) throw requestEntityTooLarge(largestBody);
    if (size + part.length > body.length) body = Buffer.concat([body.subarray(0, size)], Math.min(largestBody, 2 * (size + part.length)));
    size += part.copy(body, size);
  }
  return body.subarray(0, size);
}

function toHttpRequest(message: IncomingMessage, body: Uint8Array): HttpRequest {
  const [path = "/", ...query] = (message.url ?? "/").split("?");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(",") : value;
  return { method: message.method ?? "GET", path, query: query.join("?"), headers, body };
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  response.end(bytes);
}
