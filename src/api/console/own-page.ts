/** What tells a request of the service's own pages from all others: the cookie that only it has, and the page's origin, which a browser does not let anybody make up. */
import type { IncomingMessage } from "node:http";
import { isEncrypted } from "../direct-facts.ts";

/** Cookies know no ports, and several installations may be on one machine. */
function cookieName({ headers }: IncomingMessage): string {
  return `hostelry-session-${(headers.host ?? "").split(":")[1] ?? "80"}`;
}

export function sessionToken(request: IncomingMessage): string | undefined {
  const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
  return pairs.find(([name]) => name === cookieName(request))?.[1];
}

/** With a token the header that keeps it, without one the header that removes it. */
export function sessionCookie(request: IncomingMessage, token: string | undefined, maxAgeSeconds: number): string {
  return `${cookieName(request)}=${token ?? ""}; Path=/; Max-Age=${token === undefined ? 0 : maxAgeSeconds}; HttpOnly; SameSite=Strict${isEncrypted(request.socket) ? "; Secure" : ""}`;
}

export function isOwnOrigin(request: IncomingMessage): boolean {
  return request.headers.host !== undefined && request.headers.origin === ownOrigin(request);
}

/** As the client has asked for it. */
export function ownOrigin({ headers, socket }: IncomingMessage): string {
  return `${isEncrypted(socket) ? "https" : "http"}://${headers.host ?? ""}`;
}
