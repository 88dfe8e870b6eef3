import { expect, test } from "vitest";
import type { HostDescription } from "../../host/protocol/report.ts";
import { MessageError, parseArrival } from "./parse-report.ts";

const works = { works: true, engine: "qemu-kvm" };
const description: HostDescription = {
  version: "1",
  engines: { emulated: works, paravirtual: works, hardware: works },
  cards: [{ device: "eth1", functions: 7 }],
  accelerators: [{ model: "10de:1eb8", count: 2 }, { model: "1d0f:7064", count: 0, reason: "the IOMMU is off" }],
  machine: { cpus: 4, memoryMib: 4096, cpuModel: "one", kernel: "6.1", diskGib: 500, networkMbps: 10_000 },
};
const arrive = (changed: object) => parseArrival({ incarnation: 1, description: { ...description, ...changed } }).description;

test("A host's description is taken as it is understood, and what nobody asked for is left out", () => {
  expect(arrive({ more: "words" })).toEqual(description);
  const { cards: _cards, accelerators: _accelerators, ...least } = description;
  expect(parseArrival({ incarnation: 1, description: least }).description).toEqual(least);
});

test.each([
  ["an accelerator without a number", { accelerators: [{ model: "10de:1eb8" }] }],
  ["less than no accelerator", { accelerators: [{ model: "10de:1eb8", count: -1 }] }],
  ["half an accelerator", { accelerators: [{ model: "10de:1eb8", count: 0.5 }] }],
  ["accelerators that are no list", { accelerators: { model: "10de:1eb8", count: 1 } }],
  ["an endless reason", { accelerators: [{ model: "10de:1eb8", count: 0, reason: "x".repeat(4097) }] }],
  ["a disk of no size", { machine: { ...description.machine, diskGib: "much" } }],
  ["a network beyond all numbers", { machine: { ...description.machine, networkMbps: 1e300 } }],
])("A description with %s is refused", (_what, changed) => {
  expect(() => arrive(changed)).toThrow(MessageError);
});
