import { expect, test } from "vitest";
import { repairFlush } from "./paravirtual-flush.ts";

const fault = Buffer.from("4531e483f802741a41bc0100000083f803740f", "hex");
const cure = Buffer.from("41bc0100000083f802741783f8037412909090", "hex");

test("the one place of the fault is changed, and nothing else", () => {
  const [head, tail] = [Buffer.from("what comes before"), Buffer.from("what comes after")];
  expect(repairFlush(Buffer.concat([head, fault, tail]))).toEqual(Buffer.concat([head, cure, tail]));
});

test.each([
  ["has no such place", Buffer.from("another kernel")],
  ["has two of them", Buffer.concat([fault, fault])],
])("a kernel that %s is left alone", (_what, kernel) => {
  expect(repairFlush(kernel)).toBeUndefined();
});
