import { expect, test } from "vitest";
import { isApiError } from "../base/api-error.ts";
import { parseUserData, requireUserData } from "./user-data.ts";

function refusal(encoded: string): string {
  try {
    parseUserData(encoded);
    return "accepted";
  } catch (thrown) {
    return isApiError(thrown) ? `${thrown.code}: ${thrown.message}` : "another error";
  }
}

const tooLarge = "InvalidParameterValue: User data is limited to 16384 bytes";
const notBase64 = "InvalidParameterValue: Invalid BASE64 encoding of user data.";

test("User data comes back as the bytes that were encoded", () => {
  const script = Buffer.from("#!/bin/sh\necho hello\n\0\xff", "latin1");
  expect(parseUserData(script.toString("base64"))).toEqual(script);
});

test("Line breaks within the base64 are no part of it", () => {
  const script = Buffer.alloc(300, "x");
  const wrapped = script.toString("base64").replace(/(.{76})/g, "$1\r\n");
  expect([parseUserData(`${wrapped}\n`), requireUserData(wrapped)]).toEqual([script, script.toString("base64")]);
});

test("Absent and empty user data are none", () => {
  expect([parseUserData(undefined), parseUserData(""), parseUserData("====".slice(0, 2))]).toEqual([undefined, undefined, undefined]);
});

test("Exactly 16 KiB are accepted and one byte more is refused", () => {
  const encoded = (size: number) => Buffer.alloc(size, 1).toString("base64");
  expect([parseUserData(encoded(16_384))?.length, refusal(encoded(16_385)), refusal(encoded(10_000_000))]).toEqual([16_384, tooLarge, tooLarge]);
});

test("Text that is no base64 is refused", () => {
  expect(["#!/bin/sh", "abc*", "QUJ=D", "A", "QUJDR"].map(refusal)).toEqual([notBase64, notBase64, notBase64, notBase64, notBase64]);
});
