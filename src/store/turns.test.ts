import { expect, test } from "vitest";
import { openTurns, type Urgency } from "./turns.ts";

/** Lets the first work hold the turn while the others queue up, and returns the order in which all began. */
async function order(waiting: readonly Urgency[], heldForMs: number): Promise<string[]> {
  let clock = 0;
  const turns = openTurns(() => clock);
  const began: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take("now", () => gate.promise);
  const others = waiting.map((urgency, index) =>
    turns.take(urgency, async () => {
      began.push(`${urgency} ${index}`);
    }),
  );
  clock += heldForMs;
  gate.resolve();
  await Promise.all([first, ...others]);
  return began;
}

test("whoever waits for an answer goes first, each kind in its order", async () => {
  expect(await order(["soon", "now", "soon", "now"], 10)).toEqual(["now 1", "now 3", "soon 0", "soon 2"]);
});

test("work in the background is not put off for longer than a tenth of a second", async () => {
  expect(await order(["soon", "now", "now"], 101)).toEqual(["soon 0", "now 1", "now 2"]);
});

test("a failure passes the turn on", async () => {
  const turns = openTurns(() => 0);
  const failing = turns.take("now", () => Promise.reject(new Error("no")));
  const after = turns.take("soon", async () => "after");
  await expect(failing).rejects.toThrow("no");
  expect(await after).toBe("after");
});
