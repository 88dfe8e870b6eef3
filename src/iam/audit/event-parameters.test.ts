import { expect, test } from "vitest";
import { toDetailText, toEventParameters } from "./event-parameters.ts";

test("Members of any name are kept, and none becomes what others inherit", () => {
  const map: unknown = JSON.parse('{"Map":{"__proto__":{"a":1},"constructor":"b"},"Password":"secret"}');
  const text = toDetailText({ request: toEventParameters("ssm", map), response: null });
  expect(text).toBe('{"request":{"map":{"__proto__":{"a":1},"constructor":"b"},"password":"<sensitiveDataRemoved>"},"response":null}');
  expect(Object.keys(Object.prototype)).toEqual([]);
});
