import { expect, test } from "vitest";
import type { Accelerator } from "../../host/accelerator/accelerators.ts";
import { acceleratorChecks } from "./accelerators.ts";

const address = "0000:01:00.0";
const tesla: Accelerator = { address, model: "10de:1eb8", driver: "nvidia", group: { id: "7", members: [address] } };

test("doctor shows each accelerator and what keeps it from guests, and none is needed", () => {
  const show = (...args: Parameters<typeof acceleratorChecks>) => acceleratorChecks(...args).map(({ name, result, detail, required }) => [name, result, detail, required]);
  const named = `guests can have 10de:1eb8 where it is named: up, host add or host join with --accelerators ${address}, or accelerators: [${address}] of a host in a topology file`;
  const pass = { iommu: true, vfio: true };
  expect(show([tesla], pass)).toEqual([[address, "yes", `${named}; the first guest that has it takes it from the driver nvidia, whose programs must have ended`, false]]);
  expect(show([{ ...tesla, driver: "vfio-pci" }], pass)).toEqual([[address, "yes", named, false]]);
  expect(show([tesla], { iommu: false, vfio: true })).toEqual([[address, "no", "the IOMMU is off: a guest with a device could write to all memory", false]]);
  expect(show([], pass)[0]?.slice(0, 2)).toEqual(["accelerators", "no"]);
});
