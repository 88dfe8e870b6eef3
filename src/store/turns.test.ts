import { expect, test } from "vitest";
import { openTurns, type Urgency } from "./turns.ts";

/** Puts all in at once, at time 0, and returns whose turn it is when they are asked for later, one right after the other. */
function order(waiting: readonly Urgency[], askedAtMs: number): string[] {
  let clock = 0;
  const turns = openTurns<string>(() => clock);
  for (const [index, urgency] of waiting.entries()) turns.put(urgency, `${urgency} ${index}`);
  clock = askedAtMs;
  return Array.from(waiting, () => turns.next()?.thing ?? "nothing");
}

test("whoever waits for an answer goes first, each kind in its order", () => {
  expect(order(["soon", "now", "soon", "now"], 30)).toEqual(["now 1", "now 3", "soon 0", "soon 2"]);
});

test("work in the background is not put behind clients for longer than a tenth of a second", () => {
  expect(order(["soon", "now", "now"], 101)).toEqual(["soon 0", "now 1", "now 2"]);
});

test("work in the background waits a moment for the client that was just answered, but only so long", () => {
  let clock = 0;
  const turns = openTurns<string>(() => clock);
  const ask = () => turns.next()?.thing;
  turns.put("now", "client");
  turns.put("soon", "background");
  expect(ask()).toBe("client");
  clock = 5;
  turns.answered();
  expect([turns.waitMs(), ask()]).toEqual([2, undefined]);
  clock = 7;
  expect([turns.waitMs(), ask(), turns.waitMs()]).toEqual([0, "background", undefined]);
  turns.put("soon", "patient");
  for (clock = 8; clock < 57; clock++) {
    turns.put("now", "client");
    expect(ask()).toBe("client");
    turns.answered();
    expect(ask()).toBeUndefined();
  }
  expect(ask()).toBe("patient");
});
