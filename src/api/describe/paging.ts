/**
 * MaxResults and NextToken. A token tells which row came last, so pages stay right while rows come and go: the next page
 * holds what sorts behind that row. It is opaque and bound to its call: an HMAC covers the action, the account, the region and
 * the filters, so a token that was altered, taken from elsewhere or is older than a day is refused. Facts §11.4.
 *
 *   token = base64url( version ‖ expiry ms (8 bytes) ‖ HMAC-SHA-256 (first 16 bytes) ‖ last key )
 *
 * The key of the last row stands in it in the clear; it was in the answer anyway.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { invalidNextToken, invalidParameterCombination, maxResultsTooLarge, maxResultsTooSmall } from "../../base/api-error.ts";
import type { Clock } from "../../base/clock.ts";

/** What an action allows. EC2's usual bounds are 5 to 1000. */
export interface PageBounds {
  readonly minimum: number;
  readonly maximum: number;
  /** The page's size when the request names none; undefined returns everything. */
  readonly unasked?: number;
  /** Whether ids exclude MaxResults; the parameter's name as the model has it (`InstanceIds`). */
  readonly idsParameter?: string;
}

export const usualBounds: PageBounds = { minimum: 5, maximum: 1000 };

/** The call that a token belongs to. */
export interface PageScope {
  readonly action: string;
  readonly account: string;
  readonly region: string;
  /** The request without MaxResults and NextToken; only its text matters. */
  readonly filters: unknown;
}

export interface PageRequest {
  readonly maxResults: number | undefined;
  readonly nextToken: string | undefined;
  readonly ids?: readonly string[] | undefined;
}

export interface PageTokens {
  readonly secret: Uint8Array;
  readonly clock: Clock;
}

/** A checked request: the rows behind `after`, at most `limit` of them. */
export interface PagePosition {
  readonly after: string | undefined;
  readonly limit: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Absent on the last page. */
  readonly nextToken: string | undefined;
}

const lifetimeMs = 24 * 60 * 60 * 1000;
const version = 1;
const macBytes = 16;
const headerBytes = 1 + 8 + macBytes;
const maxTokenLength = 4096;

export function parsePage(request: PageRequest, bounds: PageBounds, scope: PageScope, tokens: PageTokens): PagePosition {
  const { maxResults, nextToken } = request;
  if (maxResults !== undefined) {
    if (bounds.idsParameter !== undefined && (request.ids?.length ?? 0) > 0) {
      throw invalidParameterCombination(`The parameter ${bounds.idsParameter} cannot be used with the parameter maxResults`);
    }
    if (maxResults < bounds.minimum) throw maxResultsTooSmall(maxResults, bounds.minimum);
    if (maxResults > bounds.maximum) throw maxResultsTooLarge(maxResults, bounds.maximum);
  }
  const after = nextToken === undefined || nextToken === "" ? undefined : openToken(nextToken, scope, tokens);
  return { after, limit: maxResults ?? bounds.unasked };
}

/**
 * The page of rows that are sorted by `keyOf`, ascending and without duplicates. `rows` may be all rows or just those behind
 * `after`; when the store limits them, it must return one more than the limit, which shows that another page follows. Keys are
 * compared as JavaScript compares text, so a store that sorts them otherwise (collations, non-ASCII names) must not be asked to.
 */
export function takePage<Row>(rows: Iterable<Row>, keyOf: (row: Row) => string, position: PagePosition, scope: PageScope, tokens: PageTokens): Page<Row> {
  const { after, limit } = position;
  const page: Row[] = [];
  let last: string | undefined;
  for (const row of rows) {
    const key = keyOf(row);
    if (after !== undefined && key <= after) continue;
    if (limit !== undefined && page.length === limit) return { rows: page, nextToken: last === undefined ? undefined : sealToken(last, scope, tokens) };
    page.push(row);
    last = key;
  }
  return { rows: page, nextToken: undefined };
}

export function sealToken(key: string, scope: PageScope, { secret, clock }: PageTokens): string {
  const expiry = Buffer.alloc(8);
  expiry.writeBigUInt64BE(BigInt(clock.now() + lifetimeMs));
  const keyBytes = Buffer.from(key);
  return Buffer.concat([Buffer.of(version), expiry, mac(secret, scope, expiry, keyBytes), keyBytes]).toString("base64url");
}

/** The key of the last row seen; throws `InvalidNextToken` for whatever this installation did not give to this very call. */
export function openToken(token: string, scope: PageScope, { secret, clock }: PageTokens): string {
  if (token.length > maxTokenLength || !/^[\w-]+$/.test(token)) throw invalidNextToken();
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length < headerBytes || bytes[0] !== version) throw invalidNextToken();
  const expiry = bytes.subarray(1, 9);
  const key = bytes.subarray(headerBytes);
  if (!timingSafeEqual(bytes.subarray(9, headerBytes), mac(secret, scope, expiry, key))) throw invalidNextToken();
  if (Number(expiry.readBigUInt64BE()) < clock.now()) throw invalidNextToken();
  return key.toString();
}

function mac(secret: Uint8Array, { action, account, region, filters }: PageScope, expiry: Uint8Array, key: Uint8Array): Buffer {
  const filtersHash = createHash("sha256").update(JSON.stringify(filters) ?? "").digest("hex");
  const scope = JSON.stringify([action, account, region, filtersHash]);
  return createHmac("sha256", secret).update(scope).update("\0").update(expiry).update(key).digest().subarray(0, macBytes);
}

/** The output's member; without it the page is the last. */
export function nextTokenField(nextToken: string | undefined): { NextToken?: string } {
  return nextToken === undefined ? {} : { NextToken: nextToken };
}
