/**
 * The console's pages, as they were built: files of one folder and nothing else. Scripts and styles are the service's own or carry the answer's nonce,
 * and nobody may show the pages in a frame.
 */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { randomHex, type Random } from "../../base/random.ts";
import { ownOrigin } from "./own-page.ts";

/** Where the build leaves its files; until it is done there is a page that says so. */
export type FindPages = () => Promise<string | undefined> | string | undefined;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".png": "image/png",
};
/** What the build puts in the place of the nonce. */
export const noncePlace = "NONCE_OF_THE_ANSWER";

export function consolePages(findPages: FindPages, random: Random): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const nonce = randomHex(random, 16);
    const path = (request.url ?? "").split("?")[0] ?? "";
    for (const [name, value] of Object.entries(headersFor(ownOrigin(request), nonce))) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405, "text/plain", "");
    if (path === "/console") return void response.writeHead(308, { location: "/console/" }).end();
    const pages = await findPages();
    if (pages === undefined) return end(response, 503, "text/html; charset=utf-8", notBuilt);
    // Names of built files have no folders in them but one, so nothing leads out of it.
    const asset = /^\/console\/(?<name>assets\/[\w-]+(?:\.[\w-]+)*)$/.exec(path)?.groups?.["name"];
    const isPage = asset === undefined && !path.startsWith("/console/assets/");
    const file = join(pages, isPage ? "index.html" : (asset ?? ""));
    const content = asset === undefined && !isPage ? undefined : await readFile(file).catch(() => undefined);
    if (content === undefined) return end(response, 404, "text/plain", "There is no such page.\n");
    if (!isPage) response.setHeader("cache-control", "public, max-age=31536000, immutable");
    end(response, 200, types[extname(file)] ?? "application/octet-stream", isPage ? content.toString("utf8").replaceAll(noncePlace, nonce) : content);
  };
}

function headersFor(origin: string, nonce: string): Readonly<Record<string, string>> {
  const policy = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": `'self' 'nonce-${nonce}'`,
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": /^https?:\/\/[\w.:[\]-]+$/.test(origin) ? `'self' ${origin.replace("http", "ws")}` : "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
  };
  return {
    "content-security-policy": Object.entries(policy).map((rule) => rule.join(" ")).join("; "),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
  };
}

function end(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { "content-type": type }).end(body);
}

const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Hostelry</title></head>
<body><p>The console's pages are being built, once. This takes a moment; the page then comes by itself.</p></body></html>
`;
