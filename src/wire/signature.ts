/**
 * Verifies and makes AWS Signature Version 4, in the Authorization header and in presigned URLs.
 *
 * What a verified request promises: the holder of the key signed this method, path, query, body and every header that
 * means anything to AWS, for this service and region, within the last fifteen minutes (or, presigned, within the time
 * that its signer chose). Whatever is not signed and could matter makes the request refused, not ignored.
 * Whether the key's owner may do what is asked is not decided here.
 */
import { timingSafeEqual } from "node:crypto";
import { authenticationError, type AuthenticationFailure } from "./authentication-error.ts";
import { canonicalRequest, sha256Hex } from "./canonical-request.ts";
import { type CredentialScope, formatSigningTime, parseCredentialScope, parseSigningTime, type RequestSignature, signingAlgorithm } from "./credential-scope.ts";
import { findHeader, type HttpRequest } from "./http-message.ts";
import { protocolOf } from "./identify-operation.ts";
import { queryParameters } from "./request-parameters.ts";
import { deriveSigningKey, signCanonical, type SigningKeys } from "./signing-key.ts";
import type { WireError } from "./wire-error.ts";

export interface VerificationSource {
  /** The secret of an access key, or undefined when there is no such key or the session token is not its own. */
  findSecret(accessKeyId: string, sessionToken: string | undefined): string | undefined | Promise<string | undefined>;
  /** Milliseconds since 1970. */
  now(): number;
  readonly signingKeys?: SigningKeys;
}

/** Who signed the request, and for what. */
export interface VerifiedSignature extends CredentialScope {
  readonly sessionToken?: string;
  /** Of the body, in hexadecimal; absent when the body was left unsigned. */
  readonly bodySha256?: string;
}

const maxSkewMs = 15 * 60 * 1000;
const unsignedPayload = "UNSIGNED-PAYLOAD";

/** Who signed the request. Throws the service's own error for a request that is not signed, or not signed as it should be. */
export async function verifySignature(request: HttpRequest, source: VerificationSource): Promise<VerifiedSignature> {
  const found = parseCredentialScope(request);
  if (found === undefined) throw authenticationError(protocolOf(request, undefined), "missing");
  const refuse = (failure: AuthenticationFailure, detail?: string) => refusal(request, found, failure, detail);
  checkTime(found, source.now(), refuse);
  checkSignedHeaders(request, found, refuse);
  const payloadHash = checkPayload(request, found, refuse);
  const secret = await source.findSecret(found.accessKeyId, found.sessionToken);
  if (secret === undefined) throw refuse("unknownKey");
  const key = source.signingKeys?.derive(secret, found) ?? deriveSigningKey(secret, found);
  const canonical = canonicalRequest(request, found.signedHeaders, payloadHash, found.form === "presigned");
  if (!isEqual(signCanonical(key, found, found.signedAt, canonical), found.signature)) throw refuse("mismatch");
  const { accessKeyId, date, region, service, sessionToken } = found;
  const signed = payloadHash === unsignedPayload ? {} : { bodySha256: payloadHash };
  return { accessKeyId, date, region, service, ...signed, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

type Refuse = (failure: AuthenticationFailure, detail?: string) => WireError;

function refusal(request: HttpRequest, { service }: RequestSignature, failure: AuthenticationFailure, detail?: string): WireError {
  return authenticationError(protocolOf(request, service), failure, detail);
}

function checkTime(found: RequestSignature, nowMs: number, refuse: Refuse): void {
  if (!found.signedAt.startsWith(found.date)) throw refuse("mismatch", "The date in the credential scope is not the date of the request.");
  const signedAtMs = parseSigningTime(found.signedAt) ?? 0;
  const validMs = found.expiresSeconds === undefined ? maxSkewMs : found.expiresSeconds * 1000;
  const now = formatSigningTime(new Date(nowMs));
  if (nowMs > signedAtMs + validMs) throw refuse("expired", `The request was signed at ${found.signedAt} and it is now ${now}.`);
  if (nowMs < signedAtMs - maxSkewMs) throw refuse("expired", `The request was signed at ${found.signedAt}, still in the future: it is now ${now}.`);
}

function checkSignedHeaders(request: HttpRequest, { signedHeaders }: RequestSignature, refuse: Refuse): void {
  const signed = new Set(signedHeaders);
  if (!signed.has("host")) throw refuse("mismatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith("x-amz-") && !signed.has(name)) throw refuse("mismatch", `The header ${name} must be signed.`);
  }
  for (const name of signedHeaders) {
    if (findHeader(request, name) === undefined) throw refuse("mismatch", `The signed header ${name} is not in the request.`);
  }
}

/** The hash that was signed for the body; the body itself must have it, except where a signature without it is allowed. */
function checkPayload(request: HttpRequest, found: RequestSignature, refuse: Refuse): string {
  const declared = findHeader(request, "x-amz-content-sha256") ?? declaredInQuery(request, found);
  if (declared === unsignedPayload && mayLeaveBodyUnsigned(request, found)) return declared;
  const actual = sha256Hex(request.body);
  if (declared !== undefined && declared !== actual) throw refuse("mismatch", "The body of the request does not have the hash that was signed.");
  return actual;
}

/** EBS blocks carry checksums of their own, and an absent body says nothing; any other body could hold the action itself. */
function mayLeaveBodyUnsigned(request: HttpRequest, { service, form }: RequestSignature): boolean {
  return service === "ebs" || (form === "presigned" && request.body.length === 0);
}

function declaredInQuery(request: HttpRequest, { form }: RequestSignature): string | undefined {
  if (form === "header") return undefined;
  return queryParameters(request).find(([name]) => name === "X-Amz-Content-Sha256")?.[1];
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigningTarget {
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** The request with the headers of a Version 4 signature. It must have a `host` header. */
export function signRequest(request: HttpRequest, credentials: SigningCredentials, target: SigningTarget): HttpRequest {
  const signedAt = formatSigningTime(new Date(target.nowMs));
  const scope = { accessKeyId: credentials.accessKeyId, date: signedAt.slice(0, 8), region: target.region, service: target.service };
  const { sessionToken } = credentials;
  const headers: Record<string, string> = {
    ...request.headers,
    "x-amz-date": signedAt,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
  };
  const dated = { ...request, headers };
  const signedHeaders = Object.keys(headers).filter((name) => name === "host" || name === "content-type" || name.startsWith("x-amz-")).sort();
  const payloadHash = headers["x-amz-content-sha256"] ?? sha256Hex(request.body);
  const key = deriveSigningKey(credentials.secretAccessKey, scope);
  const signature = signCanonical(key, scope, signedAt, canonicalRequest(dated, signedHeaders, payloadHash, false));
  const credential = [scope.accessKeyId, scope.date, scope.region, scope.service, "aws4_request"].join("/");
  headers["authorization"] = `${signingAlgorithm} Credential=${credential}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  return dated;
}
