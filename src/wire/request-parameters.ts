/**
 * The name and value pairs of a request: its query string and, for the query protocols, its form body.
 *
 * Takes linear time, refuses what is no correct percent-encoded UTF-8, and refuses absurd numbers of parameters before
 * anything is built from them. A request is parsed once, however often it is asked.
 */
import type { HttpRequest } from "./http-message.ts";
import { WireError } from "./wire-error.ts";

export type Parameter = readonly [name: string, value: string];

/** EC2 takes hundreds of parameters; ten thousand filters of two lines each still fit. */
export const maxParameters = 50_000;

/** The pairs of a query string or form, decoded, in order; `+` is a space. Throws `MalformedQueryString`. */
export function parseParameters(text: string): readonly Parameter[] {
  const parameters: Parameter[] = [];
  for (let start = 0; start < text.length; ) {
    const ampersand = text.indexOf("&", start);
    const end = ampersand === -1 ? text.length : ampersand;
    if (end > start) parameters.push(parseParameter(text.slice(start, end)));
    if (parameters.length > maxParameters) throw malformed(`The request has more than ${maxParameters} parameters`);
    start = end + 1;
  }
  return parameters;
}

function parseParameter(text: string): Parameter {
  const equals = text.indexOf("=");
  return equals === -1 ? [decodeComponent(text), ""] : [decodeComponent(text.slice(0, equals)), decodeComponent(text.slice(equals + 1))];
}

function decodeComponent(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw malformed("The query string contains a syntax error: a percent sign is not followed by the bytes of UTF-8 text", cause);
  }
}

const queries = new WeakMap<HttpRequest, readonly Parameter[]>();
const forms = new WeakMap<HttpRequest, readonly Parameter[]>();

/** The parameters of the URL. */
export function queryParameters(request: HttpRequest): readonly Parameter[] {
  return remember(queries, request, () => parseParameters(request.query));
}

/** The parameters of a query-protocol request: those of the URL and, unless it is a GET, those of the body. */
export function formParameters(request: HttpRequest): readonly Parameter[] {
  return remember(forms, request, () => {
    const query = queryParameters(request);
    if (request.method === "GET" || request.body.length === 0) return query;
    const parameters = [...query, ...parseParameters(decodeUtf8(request.body))];
    if (parameters.length > maxParameters) throw malformed(`The request has more than ${maxParameters} parameters`);
    return parameters;
  });
}

function remember<T>(cache: WeakMap<HttpRequest, T>, request: HttpRequest, read: () => T): T {
  const known = cache.get(request);
  if (known !== undefined) return known;
  const value = read();
  cache.set(request, value);
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed("The body of the request is not UTF-8 text", cause);
  }
}

function malformed(message: string, cause?: unknown): WireError {
  return new WireError("MalformedQueryString", message, 400, { cause });
}
