import { expect, test } from "vitest";
import { isApiError } from "../../base/api-error.ts";
import { manualClock } from "../../base/clock.ts";
import { openToken, parsePage, sealToken, takePage, usualBounds, type PageBounds, type PageScope } from "./paging.ts";

const clock = manualClock();
const tokens = { secret: Buffer.from("a secret of this installation"), clock };
const scope: PageScope = { action: "DescribeInstances", account: "111111111111", region: "us-east-1", filters: { Filters: [{ Name: "vpc-id", Values: ["vpc-1"] }] } };
const bounds: PageBounds = { ...usualBounds, idsParameter: "InstanceIds" };
const keyOf = (row: string) => row;
const letters = [..."abcdefghijkl"];

const page = (rows: string[], maxResults: number | undefined, nextToken?: string) => {
  const position = parsePage({ maxResults, nextToken }, bounds, scope, tokens);
  return takePage(rows, keyOf, position, scope, tokens);
};

function refusal(work: () => unknown): string {
  try {
    work();
    return "accepted";
  } catch (thrown) {
    return isApiError(thrown) ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
}

test("Pages together hold every row once, in order", () => {
  const first = page(letters, 5);
  const second = page(letters, 5, first.nextToken);
  const third = page(letters, 5, second.nextToken);
  expect([first.rows.join(""), second.rows.join(""), third.rows.join(""), third.nextToken]).toEqual(["abcde", "fghij", "kl", undefined]);
});

test("The last page has no token, also when it is full", () => {
  const first = page(letters.slice(0, 10), 5);
  expect(page(letters.slice(0, 10), 5, first.nextToken)).toEqual({ rows: [..."fghij"], nextToken: undefined });
});

test("Rows that come and go between pages are neither repeated nor skipped", () => {
  const first = page(letters, 5);
  const changed = ["a", "aa", "b", "f", "fa", "g", "h", "i", "j", "k"]; // the last row seen, e, is gone
  expect(page(changed, 5, first.nextToken).rows).toEqual(["f", "fa", "g", "h", "i"]);
});

test("Without MaxResults everything comes back", () => {
  expect(page(letters, undefined)).toEqual({ rows: letters, nextToken: undefined });
});

test("A store that returns one row more than the page gives the same pages", () => {
  const first = takePage(letters.slice(0, 6), keyOf, { after: undefined, limit: 5 }, scope, tokens);
  expect([first.rows.join(""), openToken(first.nextToken ?? "", scope, tokens)]).toEqual(["abcde", "e"]);
});

test("MaxResults out of bounds is refused in EC2's words", () => {
  const asked = (maxResults: number) => refusal(() => parsePage({ maxResults, nextToken: undefined }, bounds, scope, tokens));
  expect([5, 1000, 4, 0, -1, 1001].map(asked)).toEqual([
    "accepted",
    "accepted",
    "InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.",
    "InvalidParameterValue: Value ( 0 ) for parameter maxResults is invalid. Expecting a value greater than 5.",
    "InvalidParameterValue: Value ( -1 ) for parameter maxResults is invalid. Expecting a value greater than 5.",
    "InvalidParameterValue: Value ( 1001 ) for parameter maxResults is invalid. Expecting a value less than 1000.",
  ]);
});

test("Ids and MaxResults exclude each other where the action says so", () => {
  const request = { maxResults: 5, nextToken: undefined, ids: ["i-1"] };
  expect([refusal(() => parsePage(request, bounds, scope, tokens)), refusal(() => parsePage(request, usualBounds, scope, tokens))]).toEqual([
    "InvalidParameterCombination: The parameter InstanceIds cannot be used with the parameter maxResults",
    "accepted",
  ]);
});

test("A token serves its own call only", () => {
  const token = sealToken("e", scope, tokens);
  const others: PageScope[] = [
    { ...scope, action: "DescribeVolumes" },
    { ...scope, account: "222222222222" },
    { ...scope, region: "eu-west-1" },
    { ...scope, filters: {} },
  ];
  const codes = others.map((other) => refusal(() => openToken(token, other, tokens)).split(":")[0]);
  const otherSecret = refusal(() => openToken(token, scope, { ...tokens, secret: Buffer.from("another") })).split(":")[0];
  expect([openToken(token, scope, tokens), ...codes, otherSecret]).toEqual(["e", ...Array.from({ length: 5 }, () => "InvalidNextToken")]);
});

test("A token with any byte altered, cut or added is refused", () => {
  const bytes = Buffer.from(sealToken("i-0123456789abcdef0", scope, tokens), "base64url");
  const altered = Array.from(bytes, (byte, at) => Buffer.from(bytes.with(at, byte ^ 1)));
  const all = [...altered, bytes.subarray(0, -1), bytes.subarray(0, 20), Buffer.concat([bytes, Buffer.of(0)])].map((token) => token.toString("base64url"));
  expect(all.filter((token) => !refusal(() => openToken(token, scope, tokens)).startsWith("InvalidNextToken"))).toEqual([]);
});

test("Text that is no token at all is refused", () => {
  const texts = ["x", "a b", "ä", "=", "A".repeat(100_000), "%00"];
  expect(texts.map((token) => refusal(() => openToken(token, scope, tokens)).split(":")[0])).toEqual(texts.map(() => "InvalidNextToken"));
});

test("A token works for a day and no longer", () => {
  const token = sealToken("e", scope, tokens);
  clock.advance(24 * 60 * 60 * 1000);
  const lastMoment = openToken(token, scope, tokens);
  clock.advance(1);
  expect([lastMoment, refusal(() => openToken(token, scope, tokens)).split(":")[0]]).toEqual(["e", "InvalidNextToken"]);
});

test("Keys of any characters survive", () => {
  const key = "my key \u{1f511} /=+\n";
  expect(openToken(sealToken(key, scope, tokens), scope, tokens)).toBe(key);
});
