import { expect, test } from "vitest";
import { codeOf, findStep, stepAt, toBase32 } from "./totp.ts";

const seed = Buffer.from("12345678901234567890");

test("Codes are those of RFC 6238, by their last six digits", () => {
  const codes = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000].map((seconds) => codeOf(seed, stepAt(seconds * 1000)));
  expect(codes).toEqual(["287082", "081804", "050471", "005924", "279037", "353130"]);
});

test("A code is good a step before and after its time, and once", () => {
  const now = 1_234_567_890_000;
  const [early, good, late, tooLate] = [-1, 0, 1, 2].map((offset) => findStep(seed, codeOf(seed, stepAt(now) + offset), now, 0));
  expect([early, good, late, tooLate]).toEqual([stepAt(now) - 1, stepAt(now), stepAt(now) + 1, undefined]);
  expect([findStep(seed, codeOf(seed, stepAt(now)), now, stepAt(now)), findStep(seed, "12345", now, 0)]).toEqual([undefined, undefined]);
});

test("Seeds are written in base 32", () => {
  expect(["f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => toBase32(Buffer.from(text)))).toEqual(["MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"]);
});
