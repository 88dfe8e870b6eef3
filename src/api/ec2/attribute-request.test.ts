import { expect, test } from "vitest";
import { parseAttributeRequest, parseFlag, type ModifyInput } from "./attribute-request.ts";

const parse = (input: Omit<ModifyInput, "InstanceId">) => parseAttributeRequest({ InstanceId: "i-1", ...input });

test("An attribute is named by its own structure or in words, with the same meaning", () => {
  expect([
    parse({ DisableApiStop: { Value: true } }),
    parse({ Attribute: "disableApiStop", Value: "true" }),
    parse({ UserData: { Value: Buffer.from("hi") } }),
    parse({ Attribute: "userData", Value: "aGk=" }),
    parse({ Groups: ["sg-1"] }),
    parse({ Attribute: "groupSet", Groups: ["sg-1"] }),
    parse({ SourceDestCheck: {} }),
  ]).toEqual([
    { name: "disableApiStop", value: "true" },
    { name: "disableApiStop", value: "true" },
    { name: "userData", value: "aGk=" },
    { name: "userData", value: "aGk=" },
    { name: "groupSet", value: "" },
    { name: "groupSet", value: "" },
    { name: "sourceDestCheck", value: "false" },
  ]);
});

test("No attribute, two, or one with two values are refused", () => {
  expect(() => parse({})).toThrow("No attributes specified.");
  expect(() => parse({ Kernel: { Value: "aki-1" }, InstanceType: { Value: "t3.nano" } })).toThrow("Fields for multiple attribute types specified: instanceType, kernel");
  expect(() => parse({ Attribute: "kernel", InstanceType: { Value: "t3.nano" } })).toThrow("Fields for multiple attribute types specified");
  expect(() => parse({ Attribute: "kernel", Value: "aki-1", Kernel: { Value: "aki-2" } })).toThrow("more than one value");
  expect(() => parse({ Attribute: "kernel" })).toThrow("The request must contain the parameter value");
  expect(() => parse({ Attribute: "productCodes", Value: "x" })).toThrow("Unknown attribute, or one that cannot be modified.");
});

test("A flag is true or false and nothing else", () => {
  expect([parseFlag({ name: "disableApiStop", value: "true" }), parseFlag({ name: "disableApiStop", value: "false" })]).toEqual([true, false]);
  expect(() => parseFlag({ name: "disableApiStop", value: "1" })).toThrow("Expecting true or false.");
});
