import { expect, test } from "vitest";
import { allowedBitsPerSecond, fullCredits, settleCredits } from "./credits.ts";

/** 1 Mbyte/s for ever, ten times that for a bucket of 90 Mbyte. */
const bandwidth = { baselineBitsPerSecond: 8e6, peakBitsPerSecond: 80e6, creditBytes: 90e6 };
const after = (sent: readonly number[]) => sent.reduce((credits, bytes, index) => settleCredits(credits, bandwidth, { tap: bytes }, (index + 1) * 10_000), fullCredits(bandwidth, { tap: 0 }, 0));

test("a full bucket allows the peak until it is empty, and what went beyond that is earned back first", () => {
  const allowed = [[], [50e6], [50e6, 100e6], [50e6, 100e6, 150e6], [50e6, 100e6, 150e6, 150e6], [50e6, 100e6, 150e6, 150e6, 150e6]].map((sent) => allowedBitsPerSecond(after(sent), bandwidth));
  expect(allowed).toEqual([80e6, 80e6, 80e6, 8e6, 8e6, 8e6]);
  expect(allowedBitsPerSecond(after([50e6, 100e6, 150e6, 150e6, 150e6, 150e6, 150e6]), bandwidth)).toBe(80e6);
});

test("the bucket holds no more than its size, and nothing is earned at the baseline", () => {
  expect([after([0, 0, 0]).bytes, after([100e6, 110e6, 120e6]).bytes]).toEqual([90e6, 0]);
});

test("a device that was made anew has sent what its counter says", () => {
  expect(after([40e6, 5e6]).bytes).toBe(60e6 + 10e6 - 5e6);
});

test("what all devices send is spent from one bucket, and a device that comes later begins at what its counter says", () => {
  const before = fullCredits(bandwidth, { one: 0 }, 0);
  const both = settleCredits(before, bandwidth, { one: 30e6, two: 7e6 }, 10_000);
  expect([both.bytes, settleCredits(both, bandwidth, { one: 60e6, two: 37e6 }, 20_000).bytes]).toEqual([70e6, 20e6]);
});
