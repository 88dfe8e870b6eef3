import { describe, expect, test } from "vitest";
import { compileCondition, type Context } from "./condition.ts";
import { parseConditions } from "./parse-conditions.ts";

/** Whether all conditions of the block hold for values by key. */
function holds(block: object, values: Readonly<Record<string, readonly string[]>>): boolean {
  const context: Context = new Map(Object.entries(values).map(([key, list]) => [key.toLowerCase(), list]));
  const lookup = (key: string) => context.get(key)?.[0];
  return parseConditions(block, "Condition").every((condition) => compileCondition(condition, true)(context, lookup));
}

/** Operator, the policy's value, a value for which it holds, one for which it does not. */
const operators: readonly (readonly [string, string, string, string])[] = [
  ["StringEquals", "a*", "a*", "ab"],
  ["StringNotEquals", "a", "A", "a"],
  ["StringEqualsIgnoreCase", "Ab", "aB", "abc"],
  ["StringNotEqualsIgnoreCase", "ab", "abc", "AB"],
  ["StringLike", "a*c?", "abbcd", "abbc"],
  ["StringNotLike", "a*", "ba", "ab"],
  ["NumericEquals", "1.0", "1", "2"],
  ["NumericNotEquals", "1", "2", "1.0"],
  ["NumericLessThan", "10", "9", "10"],
  ["NumericLessThanEquals", "10", "10", "10.5"],
  ["NumericGreaterThan", "10", "11", "10"],
  ["NumericGreaterThanEquals", "10", "10", "9"],
  ["DateEquals", "2026-01-01T00:00:00Z", "1767225600", "2026-01-01T00:00:01Z"],
  ["DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-01T01:00:00+01:00"],
  ["DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"],
  ["DateLessThanEquals", "2026", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z"],
  ["DateGreaterThan", "1767225600", "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"],
  ["DateGreaterThanEquals", "2026-01-01T00:00Z", "2026-01-01", "2025-12-31"],
  ["Bool", "true", "True", "false"],
  ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", "qmluYXJ5"],
  ["IpAddress", "10.1.0.0/16", "10.1.255.1", "10.2.0.1"],
  ["NotIpAddress", "2001:db8::/32", "2001:db9::1", "2001:DB8:1::1"],
  ["ArnEquals", "arn:aws:ec2:*:*:vpc/vpc-1", "arn:aws:ec2:r:1:vpc/vpc-1", "arn:aws:ec2:r:1:vpc/vpc-12"],
  ["ArnNotEquals", "arn:aws:iam::1:user/a", "arn:aws:iam::1:user/b", "arn:aws:iam::1:user/a"],
  ["ArnLike", "arn:aws:iam::1:user/*", "arn:aws:iam::1:user/a/b", "arn:aws:iam::2:user/a"],
  ["ArnNotLike", "arn:aws:iam::1:*", "arn:aws:iam::2:user/a", "arn:aws:iam::1:role/a"],
];

describe.each(operators)("%s", (operator, wanted, good, bad) => {
  const negated = operator.includes("Not");
  test("holds for the one value and not for the other", () => {
    expect([holds({ [operator]: { "a:k": wanted } }, { "a:k": [good] }), holds({ [operator]: { "A:K": [wanted] } }, { "a:k": [bad] })]).toEqual([true, false]);
  });
  test("without the key holds only if negated, and always with IfExists", () => {
    expect([holds({ [operator]: { "a:k": wanted } }, {}), holds({ [`${operator}IfExists`]: { "a:k": wanted } }, {})]).toEqual([negated, true]);
    expect([holds({ [`${operator}IfExists`]: { "a:k": wanted } }, { "a:k": [good] }), holds({ [`${operator}IfExists`]: { "a:k": wanted } }, { "a:k": [bad] })]).toEqual([true, false]);
  });
  test("is about all values with ForAllValues, about any with ForAnyValue", () => {
    const of = (set: string, values: readonly string[]) => holds({ [`${set}:${operator}`]: { "a:k": wanted } }, { "a:k": values });
    expect([of("ForAllValues", [good, good]), of("ForAllValues", [good, bad]), of("ForAllValues", [])]).toEqual([true, false, true]);
    expect([of("ForAnyValue", [bad, good]), of("ForAnyValue", [bad, bad]), of("ForAnyValue", [])]).toEqual([true, false, false]);
  });
});

test("Null asks whether a key is there", () => {
  const of = (value: string, values: readonly string[]) => holds({ Null: { "a:k": value } }, { "a:k": values });
  expect([of("true", []), of("true", ["x"]), of("false", []), of("false", ["x"])]).toEqual([true, false, false, true]);
});

test("Values are alternatives, keys and operators must all hold", () => {
  const block = { StringEquals: { "a:k": ["x", "y"], "a:l": "z" }, NumericLessThan: { "a:n": 5 } };
  expect(holds(block, { "a:k": ["y"], "a:l": ["z"], "a:n": ["4"] })).toBe(true);
  for (const wrong of [{ "a:k": ["w"] }, { "a:l": ["w"] }, { "a:n": ["5"] }, { "a:n": ["many"] }]) {
    expect(holds(block, { "a:k": ["y"], "a:l": ["z"], "a:n": ["4"], ...wrong })).toBe(false);
  }
});

test("A negated operator with several values holds when none of them is met", () => {
  const block = { StringNotEquals: { "a:k": ["x", "y"] } };
  expect([holds(block, { "a:k": ["z"] }), holds(block, { "a:k": ["y"] })]).toEqual([true, false]);
});

test("Variables stand for the request's values", () => {
  const block = { StringEquals: { "ec2:ResourceTag/owner": "${aws:username}" } };
  expect(holds(block, { "ec2:resourcetag/OWNER": ["ann"], "aws:username": ["ann"] })).toBe(true);
  expect(holds(block, { "ec2:resourcetag/owner": ["bob"], "aws:username": ["ann"] })).toBe(false);
  expect(holds(block, { "ec2:resourcetag/owner": ["${aws:username}"] })).toBe(false);
});
