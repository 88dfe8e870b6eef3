/**
 * The one text that a request has, however it was written on the wire: what Signature Version 4 signs.
 *
 * The query string is decoded exactly as parameters are decoded for actions and then written again, so two requests
 * with the same signature also mean the same to the action.
 */
import { hash } from "node:crypto";
import { findHeader, type HttpRequest } from "./http-message.ts";
import { queryParameters } from "./request-parameters.ts";

/** The canonical request with these headers and this payload hash. `X-Amz-Signature` of a presigned request is left out. */
export function canonicalRequest(request: HttpRequest, signedHeaders: readonly string[], payloadHash: string, isPresigned: boolean): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(findHeader(request, name) ?? "")}\n`);
  const query = canonicalQuery(request, isPresigned);
  return [request.method, canonicalPath(request.path), query, headers.join(""), signedHeaders.join(";"), payloadHash].join("\n");
}

/** The path without empty and dot segments, encoded once more: every service but S3 signs it so. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(encode(segment));
  }
  const slash = segments.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${segments.join("/")}${slash}`;
}

function canonicalQuery(request: HttpRequest, isPresigned: boolean): string {
  return queryParameters(request)
    .filter(([name]) => !(isPresigned && name === "X-Amz-Signature"))
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function canonicalValue(value: string): string {
  return value.replace(/[ \t\r\n]+/g, " ").trim();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986: everything but letters, digits and `-_.~` is written as its UTF-8 bytes. */
function encode(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return /[!'()*]/.test(encoded) ? encoded.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`) : encoded;
}

export function sha256Hex(content: string | Uint8Array): string {
  return hash("sha256", content, "hex");
}
