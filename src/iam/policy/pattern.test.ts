import { describe, expect, test } from "vitest";
import { compileArnPattern, compilePattern, splitArn } from "./pattern.ts";
import { seededChoices } from "./testing/seeded.ts";

const values: Record<string, string> = { "aws:username": "ann", "aws:principaltag/team": "a*b" };
const lookup = (key: string) => values[key];
const matches = (pattern: string, text: string) => compilePattern(pattern, { wildcards: true, variables: true })(text, lookup);

describe("patterns", () => {
  test.each([
    ["", "", true],
    ["*", "", true],
    ["?", "", false],
    ["a*c", "abbbc", true],
    ["a*c", "abbbcd", false],
    ["*a*b", "xaybzab", true],
    ["a?c", "abc", true],
    ["a?c", "abbc", false],
    ["user/${aws:username}", "user/ann", true],
    ["user/${aws:username}*", "user/anna", true],
    ["user/${AWS:UserName}", "user/ann", true],
    ["${aws:missing}", "", false],
    ["${aws:missing, 'guest'}", "guest", true],
    ["${aws:username, 'guest'}", "guest", false],
    ["${aws:PrincipalTag/team}", "a*b", true],
    ["${aws:PrincipalTag/team}", "axxb", false],
    ["${*}${?}${$}", "*?$", true],
    ["${*}", "x", false],
    ["${unclosed", "${unclosed", true],
  ])("%s against %s: %s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test("variables are text in policies of the older version", () => {
    expect(compilePattern("${aws:username}", { wildcards: true, variables: false })("${aws:username}", lookup)).toBe(true);
  });

  test("agree with regular expressions on random patterns", () => {
    const { pick, count } = seededChoices(1);
    for (let round = 0; round < 20_000; round++) {
      const pattern = Array.from({ length: count(8) }, () => pick(["a", "b", "*", "?"])).join("");
      const text = Array.from({ length: count(10) }, () => pick(["a", "b"])).join("");
      const regular = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`);
      expect([pattern, text, matches(pattern, text)]).toEqual([pattern, text, regular.test(text)]);
    }
  });

  test("the worst pattern costs no more than the product of the lengths", () => {
    const begin = performance.now();
    expect(matches(`${"*a".repeat(1000)}b`, "a".repeat(2000))).toBe(false);
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});

describe("patterns of ARNs", () => {
  const arn = "arn:aws:ec2:us-east-1:111111111111:instance/i-1";
  test.each([
    ["*", arn, true],
    ["arn:aws:ec2:*:*:instance/*", arn, true],
    ["arn:aws:ec2:us-*", arn, true],
    ["arn:aws:ec2:*:instance/*", arn, false],
    ["arn:aws:*:instance/i-1", arn, false],
    ["arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/ann", true],
    ["arn:aws:iam::${aws:missing, '1'}:user/*", "arn:aws:iam::1:user/a:b", true],
    ["arn:aws:ec2:*:*:*", "*", false],
  ])("%s against %s: %s", (pattern, text, expected) => {
    expect(compileArnPattern(pattern, { variables: true })(splitArn(text), lookup)).toBe(expected);
  });
});
