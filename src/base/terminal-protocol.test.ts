import { expect, test } from "vitest";
import { parseTerminalRequest } from "./terminal-protocol.ts";

const open = { type: "open", region: "us-east-1", instance: "i-1", user: "admin", columns: 80, rows: 24 } as const;

test("Messages are taken as they are meant, sizes as they can be", () => {
  const size = (columns: unknown, rows: unknown) => parseTerminalRequest(JSON.stringify({ type: "resize", columns, rows }));
  expect(parseTerminalRequest(JSON.stringify({ ...open, more: 1 }))).toEqual(open);
  expect(parseTerminalRequest(JSON.stringify({ ...open, type: "open-serial" }))).toEqual({ type: "open-serial", region: "us-east-1", instance: "i-1" });
  expect([size(0, 9_999), size("80", -1), size(1.5, null)]).toEqual([{ type: "resize", columns: 1, rows: 1_000 }, { type: "resize", columns: 24, rows: 24 }, { type: "resize", columns: 24, rows: 24 }]);
});

test("Whatever else arrives is no message, and harms nobody", () => {
  const values = [undefined, null, true, 0, -1, 1.5, 1e300, "", "x", [], {}, [1], { type: "end" }];
  for (const type of ["open", "open-serial", "resume", "acknowledge", "__proto__", "constructor", "", 1, null]) {
    for (const value of values) {
      const text = JSON.stringify({ type, region: value, instance: value, user: value, terminal: value, received: value });
      const parsed = parseTerminalRequest(text);
      const isText = typeof value === "string";
      const isCount = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
      expect([text, parsed !== undefined]).toEqual([text, ((type === "open" || type === "open-serial") && isText) || (type === "acknowledge" && isCount)]);
    }
  }
  for (const text of ["", "{", "null", "[]", '"end"', "\0", "[".repeat(10_000)]) expect(parseTerminalRequest(text)).toBeUndefined();
});
