import { expect, it } from "vitest";
import { waitForRest } from "./source-server.ts";

it.each([
  ["nobody has asked for anything", { openedAt: 0, askedAt: 0, now: 500 }, 1_500],
  ["a guest asks", { openedAt: 0, askedAt: 9_900, now: 10_000 }, 1_900],
  ["a guest has paused", { openedAt: 0, askedAt: 10_000, now: 12_000 }, 0],
  ["a guest will not leave off", { openedAt: 0, askedAt: 29_990, now: 30_000 }, 0],
])("the rest of a snapshot waits when %s", (_case, times, expected) => {
  expect(waitForRest(times)).toBe(expected);
});
