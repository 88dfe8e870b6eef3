import { expect, test } from "vitest";
import { compilePattern } from "./pattern.ts";

const accepted = (pattern: string, texts: string[]) => texts.filter((text) => compilePattern(pattern).matches(text));

test("A value without wildcards matches itself only, in its own case", () => {
  expect(accepted("running", ["running", "Running", "running ", "run", ""])).toEqual(["running"]);
});

test("A star stands for any characters, also for none", () => {
  expect(accepted("web*", ["web", "webserver", "Web1", "aweb"])).toEqual(["web", "webserver"]);
  expect(accepted("*", ["", "x", "x\ny"])).toEqual(["", "x", "x\ny"]);
  expect(accepted("a*b*c", ["abc", "axxbyyc", "abcb", "ac", "abcbc"])).toEqual(["abc", "axxbyyc", "abcbc"]);
});

test("A question mark stands for one character or none", () => {
  expect(accepted("database?", ["database", "database1", "database12"])).toEqual(["database", "database1"]);
  expect(accepted("??a", ["a", "xa", "xya", "xyza", ""])).toEqual(["a", "xa", "xya"]);
  expect(accepted("?*", ["", "x", "xyz"])).toEqual(["", "x", "xyz"]);
  expect(accepted("a?c?", ["ac", "abc", "abcd", "acd", "abbcd"])).toEqual(["ac", "abc", "abcd", "acd"]);
});

test("A backslash makes the next character ordinary, and one at the end stands for itself", () => {
  expect(accepted("a\\*b", ["a*b", "axb", "ab"])).toEqual(["a*b"]);
  expect(accepted("a\\?\\\\*", ["a?\\", "a?\\x", "ab\\", "a?"])).toEqual(["a?\\", "a?\\x"]);
  expect(accepted("end\\", ["end\\", "end"])).toEqual(["end\\"]);
});

test("Characters that mean something to regular expressions mean nothing here", () => {
  expect(accepted("10.0.*", ["10.0.1.2", "10x0.1"])).toEqual(["10.0.1.2"]);
  expect(accepted("(a+)+$?", ["(a+)+$", "aaaa"])).toEqual(["(a+)+$"]);
});

test("Patterns agree with a slow but obvious matcher on every short text", () => {
  const slow = (pattern: string, text: string): boolean => {
    if (pattern === "") return text === "";
    if (pattern.startsWith("*")) return slow(pattern.slice(1), text) || (text !== "" && slow(pattern, text.slice(1)));
    if (pattern.startsWith("?")) return slow(pattern.slice(1), text) || (text !== "" && slow(pattern.slice(1), text.slice(1)));
    return text.startsWith(pattern.charAt(0)) && slow(pattern.slice(1), text.slice(1));
  };
  const words = (letters: string, length: number): string[] => (length === 0 ? [""] : words(letters, length - 1).flatMap((word) => ["", ...letters].map((letter) => word + letter)));
  const patterns = [...new Set(words("ab*?", 4))];
  const texts = [...new Set(words("ab", 4))];
  const differing = patterns.flatMap((pattern) => texts.filter((text) => compilePattern(pattern).matches(text) !== slow(pattern, text)).map((text) => `${pattern} ${text}`));
  expect([patterns.length, texts.length, differing]).toEqual([341, 31, []]);
});

test("A pattern made to be slow is not", () => {
  const text = `${"a".repeat(255)}b`;
  const hostile = ["*a".repeat(120), "a?".repeat(250), "?".repeat(500), `${"*a?".repeat(80)}c`].map(compilePattern);
  const before = performance.now();
  for (const pattern of hostile) pattern.matches(text);
  expect(performance.now() - before).toBeLessThan(1000);
});
