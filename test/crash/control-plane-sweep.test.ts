/** A machine's life as its user wants it, swept. */
import { describe, expect, test } from "vitest";
import { down, over, start, stop, terminate } from "./acts.ts";
import { sweep, up, type Script } from "./sweep.ts";

const scripts: Readonly<Record<string, Script>> = {
  "a launch": { act: () => {}, end: up },
  "a stop": { act: stop, end: down },
  "a stop and a start": { act: stop, then: [start], end: up },
  "a termination": { act: terminate, end: over },
  "a stop and a termination": { act: stop, then: [terminate], end: over },
  "a stop, a start and a termination": { act: stop, then: [start, terminate], end: over },
  "a termination while it starts again": { before: [stop, start], act: terminate, end: over },
};

describe.each(Object.entries(scripts))("%s", (_name, script) => {
  test("converges whatever commit of it is the last before a kill", async () => {
    expect(await sweep(script)).toBeGreaterThan(50);
  });
});
