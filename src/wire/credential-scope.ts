/**
 * The signature that a request carries, in its Authorization header or in its query string, taken apart but not yet
 * believed. When both are there the header counts and the query string is part of what it must have signed.
 */
import { authenticationError } from "./authentication-error.ts";
import { findHeader, type HttpRequest } from "./http-message.ts";
import { protocolOf } from "./identify-operation.ts";
import { queryParameters } from "./request-parameters.ts";
import { quoteValue, type WireError } from "./wire-error.ts";

export const signingAlgorithm = "AWS4-HMAC-SHA256";

export interface CredentialScope {
  readonly accessKeyId: string;
  /** `YYYYMMDD`, UTC. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface RequestSignature extends CredentialScope {
  readonly form: "header" | "presigned";
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string;
  /** When the request says that it was signed, `YYYYMMDDTHHMMSSZ`. */
  readonly signedAt: string;
  readonly sessionToken?: string;
  /** How long a presigned request may be used. */
  readonly expiresSeconds?: number;
}

/** The request's signature, or undefined when it has none. Throws the service's "incomplete signature" when it cannot be read. */
export function parseCredentialScope(request: HttpRequest): RequestSignature | undefined {
  const authorization = findHeader(request, "authorization");
  if (authorization !== undefined) return parseHeader(request, authorization);
  const parameters = queryParameters(request).filter(([name]) => name.startsWith("X-Amz-"));
  const isSigned = parameters.some(([name]) => name === "X-Amz-Algorithm" || name === "X-Amz-Credential" || name === "X-Amz-Signature");
  return isSigned ? parsePresigned(request, parameters) : undefined;
}

function parseHeader(request: HttpRequest, authorization: string): RequestSignature {
  const [algorithm, rest] = splitOnce(authorization.trim(), " ");
  requireAlgorithm(request, algorithm);
  const fields = new Map<string, string>();
  for (const part of rest.split(",")) {
    const [name, value] = splitOnce(part.trim(), "=");
    if (fields.has(name)) throw incomplete(request, `The Authorization header has ${quoteValue(name)} twice.`);
    fields.set(name, value);
  }
  const field = (name: string) => requireText(request, fields.get(name), `Authorization header requires '${name}' parameter.`);
  const sessionToken = findHeader(request, "x-amz-security-token");
  return {
    form: "header",
    ...parseCredential(request, field("Credential")),
    signedHeaders: parseSignedHeaders(field("SignedHeaders")),
    signature: parseSignature(request, field("Signature")),
    signedAt: readSigningTime(request),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function parsePresigned(request: HttpRequest, parameters: readonly (readonly [string, string])[]): RequestSignature {
  const fields = new Map(parameters);
  if (fields.size < parameters.length) throw incomplete(request, "A signature parameter is given more than once.");
  const field = (name: string) => requireText(request, fields.get(name), `The query string requires '${name}'.`);
  requireAlgorithm(request, field("X-Amz-Algorithm"));
  const sessionToken = fields.get("X-Amz-Security-Token");
  return {
    form: "presigned",
    ...parseCredential(request, field("X-Amz-Credential")),
    signedHeaders: parseSignedHeaders(field("X-Amz-SignedHeaders")),
    signature: parseSignature(request, field("X-Amz-Signature")),
    signedAt: requireSigningTime(request, field("X-Amz-Date")),
    expiresSeconds: parseExpires(request, field("X-Amz-Expires")),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function requireAlgorithm(request: HttpRequest, algorithm: string): void {
  if (algorithm !== signingAlgorithm) throw incomplete(request, `Unsupported algorithm '${quoteValue(algorithm)}'; use ${signingAlgorithm}.`);
}

function parseCredential(request: HttpRequest, credential: string): CredentialScope {
  // An access key id has no slash, and neither has any later part.
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split("/");
  if (!accessKeyId || !date || !region || !service || terminator !== "aws4_request" || rest.length > 0) {
    throw incomplete(request, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.");
  }
  if (!/^\d{8}$/.test(date)) throw incomplete(request, "The date in the credential scope must be YYYYMMDD.");
  return { accessKeyId, date, region, service };
}

function parseSignedHeaders(text: string): readonly string[] {
  return [...new Set(text.toLowerCase().split(";").filter((name) => name !== ""))].sort();
}

function parseSignature(request: HttpRequest, text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw incomplete(request, "The signature must be 64 lower-case hexadecimal digits.");
  return text;
}

function parseExpires(request: HttpRequest, text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > 604_800) throw incomplete(request, "X-Amz-Expires must be between 1 and 604800 seconds.");
  return seconds;
}

/** `X-Amz-Date`, else `Date`, which HTTP clients write in a form of their own. */
function readSigningTime(request: HttpRequest): string {
  const amzDate = findHeader(request, "x-amz-date");
  if (amzDate !== undefined) return requireSigningTime(request, amzDate);
  const date = findHeader(request, "date");
  const time = new Date(date ?? "");
  if (date === undefined) throw incomplete(request, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (/^\d{8}T\d{6}Z$/.test(date)) return requireSigningTime(request, date);
  if (Number.isNaN(time.getTime())) throw incomplete(request, "The Date header is not a date.");
  return formatSigningTime(time);
}

function requireSigningTime(request: HttpRequest, text: string): string {
  if (parseSigningTime(text) === undefined) throw incomplete(request, "The date of the request must be in ISO 8601 basic form: YYYYMMDDTHHMMSSZ.");
  return text;
}

/** Milliseconds since 1970 of `YYYYMMDDTHHMMSSZ`, or undefined. */
export function parseSigningTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

export function formatSigningTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function requireText(request: HttpRequest, text: string | undefined, detail: string): string {
  if (text === undefined || text === "") throw incomplete(request, detail);
  return text;
}

function incomplete(request: HttpRequest, detail: string): WireError {
  return authenticationError(protocolOf(request, undefined), "incomplete", detail);
}
