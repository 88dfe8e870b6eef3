import { expect, test } from "vitest";
import { nameExit } from "./exit-reasons.ts";

test.each([
  [2, 0x78, "HLT"],
  [2, 0x400, "nested page fault"],
  [2, 0x4e, "page fault"],
  [2, 0x46, "exception 6"],
  [2, 0x10, "write of CR0"],
  [2, 0x3, "read of CR3"],
  [2, 0x3ff, "reason 1023"],
  [1, 48, "nested page fault"],
  [1, 18, "VMCALL (hypercall)"],
  [1, 99, "reason 99"],
])("The exit %i/%i is called %s", (isa, reason, name) => {
  expect(nameExit(isa, reason)).toBe(name);
});
