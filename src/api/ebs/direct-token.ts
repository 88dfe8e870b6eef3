/**
 * Tokens of the EBS direct API: opaque, bound to what they were given for, and good for a while. A block's is good for the block of one index of one
 * snapshot, a page's for the next page of one list.
 *
 *   token = base64url( expiry in seconds (4 bytes) ‖ index (4 bytes) ‖ HMAC-SHA-256 over both and the scope (first 16 bytes) )
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { directValidation } from "../../base/api-error.ts";

export const blockTokenMs = 7 * 24 * 3_600_000;
export const pageTokenMs = 3_600_000;

export type TokenScope = readonly string[];

const macBytes = 16;
const tokenBytes = 8 + macBytes;

/** `expiresAt` in milliseconds since 1970. */
export function sealDirectToken(secret: Uint8Array, scope: TokenScope, index: number, expiresAt: number): string {
  const token = Buffer.alloc(8, undefined);
  token.writeUInt32BE(Math.ceil(expiresAt / 1000), 0);
  token.writeUInt32BE(index, 4);
  return Buffer.concat([token, macOf(secret, scope, token)]).toString("base64url");
}

/** The index that the token was given for, or undefined when it was not given for this, was altered, or is too old. */
export function openDirectToken(secret: Uint8Array, scope: TokenScope, token: string, now: number): number | undefined {
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length !== tokenBytes || bytes.toString("base64url") !== token) return undefined;
  const plain = bytes.subarray(0, 8);
  if (!timingSafeEqual(bytes.subarray(8), macOf(secret, scope, plain))) return undefined;
  return plain.readUInt32BE(0) * 1000 < now ? undefined : plain.readUInt32BE(4);
}

export function blockScope(account: string, snapshotId: string): TokenScope {
  return ["block", account, snapshotId];
}

export interface PageInput {
  readonly NextToken?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly StartingBlockIndex?: number | undefined;
}

export interface DirectPage {
  readonly from: number;
  readonly limit: number;
}

const [fewest, most] = [100, 10_000];

/** A page token goes before a starting index; a limit that is too small is the smallest (facts §4.8). */
export function parseDirectPage(secret: Uint8Array, scope: TokenScope, input: PageInput, now: number): DirectPage {
  const { NextToken: token, MaxResults: asked = most, StartingBlockIndex: start = 0 } = input;
  if (asked < 0 || asked > most) throw directValidation("INVALID_PARAMETER_VALUE", `MaxResults must be between ${fewest} and ${most}.`);
  if (start < 0) throw directValidation("INVALID_PARAMETER_VALUE", "StartingBlockIndex must not be negative.");
  const from = token === undefined ? start : openDirectToken(secret, scope, token, now);
  if (from === undefined) throw directValidation("INVALID_PAGE_TOKEN", "The page token is not valid for this request, or has expired.");
  return { from, limit: Math.max(asked, fewest) };
}

function macOf(secret: Uint8Array, scope: TokenScope, plain: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(JSON.stringify(scope)).update(plain).digest().subarray(0, macBytes);
}
