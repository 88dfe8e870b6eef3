import { expect, test } from "vitest";
import { pace } from "./initialize-volume.ts";

test("a block may be asked for when the rate has room for what was fetched, and a pause is made good for a second at most", () => {
  let now = 0;
  const source = { fetchedBytes: 5_000 };
  const nextTurn = pace(source, 1_000, () => now);
  expect(nextTurn()).toBe(0);
  source.fetchedBytes += 500;
  expect(nextTurn()).toBe(500);
  now = 200;
  expect(nextTurn()).toBe(300);
  now = 60_000;
  expect(nextTurn()).toBe(0);
  source.fetchedBytes += 1_500;
  expect(nextTurn()).toBe(500);
});
