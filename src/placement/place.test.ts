import { expect, test } from "vitest";
import { placeMachines, type Company, type HostOffer } from "./place.ts";

const need = { vcpus: 1, memoryMib: 1024, virtualizations: ["hardware", "emulated"] } as const;

function host(id: string, reservedMib = 0, columns: Partial<HostOffer> = {}): HostOffer {
  return { id, zone: "a", vcpus: 8, memoryMib: 4096, reservedVcpus: 0, reservedMemoryMib: reservedMib, virtualizations: ["emulated"], holder: "", ...columns };
}

function company(strategy: Company["strategy"], machines: readonly (readonly [string, number?])[] = [], columns: Partial<Company> = {}): Company {
  return { strategy, room: Number.POSITIVE_INFINITY, machines: machines.map(([hostId, partition]) => ({ hostId, partition })), partitions: [], ...columns };
}

const idsOf = (...args: Parameters<typeof placeMachines>) => placeMachines(...args).map((placement) => placement.host.id);

test("Machines spread over the hosts with the largest free share of what they have least of, as many as there is room for", () => {
  expect(idsOf([host("a", 0, { reservedVcpus: 7 }), host("b", 2048), host("c", 3072)], need, 3)).toEqual(["b", "b", "c"]);
  expect(idsOf([host("a", 1024), host("b"), host("c", 4096)], need, 9)).toEqual(["b", "a", "b", "a", "b", "a", "b"]);
});

test("A host that has no fitting virtualization, processors or memory takes nothing", () => {
  const offers = [host("a", 0, { virtualizations: ["paravirtual"] }), host("b", 3500), host("c", 0, { reservedVcpus: 8 }), host("d", 2048, { virtualizations: ["emulated", "hardware"] })];
  expect(placeMachines(offers, need, 1).map((placement) => [placement.host.id, placement.virtualization])).toEqual([["d", "hardware"]]);
});

test("A machine of arm64 goes to hosts that run such, and others do not mind", () => {
  const offers = [host("a"), host("b", 1024, { arm64: ["emulated"] }), host("c", 2048, { virtualizations: ["hardware"], arm64: ["emulated"] })];
  expect(idsOf(offers, { ...need, architecture: "arm64" }, 3)).toEqual(["b", "b", "c"]);
  expect(placeMachines(offers, { ...need, architecture: "arm64", virtualizations: ["hardware"] }, 1)).toEqual([]);
  expect(idsOf(offers, need, 1)).toEqual(["a"]);
});

test("A cluster keeps to the hosts that it is on as long as they have room", () => {
  expect(idsOf([host("a", 2048), host("b"), host("c")], need, 4, company("cluster", [["a"]]))).toEqual(["a", "a", "b", "b"]);
});

test("A spread group has one machine on each host, and not more than the zone may have", () => {
  const offers = [host("a"), host("b"), host("c"), host("d")];
  expect(idsOf(offers, need, 9, company("spread", [["b"]]))).toEqual(["a", "c", "d"]);
  expect(idsOf(offers, need, 9, company("spread", [["b"]], { room: 2 }))).toEqual(["a", "c"]);
});

test("Partitions share no host, fill evenly, and keep to the hosts that they have", () => {
  const partitions = [1, 2, 3];
  const placed = placeMachines([host("a"), host("b"), host("c", 0, { memoryMib: 2048 })], need, 7, company("partition", [], { partitions }));
  expect(placed.map(({ host: { id }, partition }) => [partition, id])).toEqual([[1, "a"], [2, "b"], [3, "c"], [1, "a"], [2, "b"], [3, "c"], [1, "a"]]);
  const asked = company("partition", [["a", 1], ["b", 2]], { partitions: [2] });
  expect(idsOf([host("a"), host("b"), host("c")], need, 9, asked)).toEqual(["b", "b", "b", "b", "c", "c", "c", "c"]);
});

test("A partition without a host of its own leaves its machines to the others", () => {
  const placed = placeMachines([host("a"), host("b")], need, 4, company("partition", [], { partitions: [1, 2, 3] }));
  expect(placed.map(({ partition }) => partition)).toEqual([1, 2, 1, 2]);
});

test("A host that must be taken whole comes after those that are taken", () => {
  const offers = [host("a", 3072), host("b", 0, { isUntaken: true }), host("c", 0, { isUntaken: true })];
  expect(idsOf(offers, need, 3)).toEqual(["a", "b", "b"]);
});

test("Virtual functions are room as processors and memory are, and a host without them takes none that need some", () => {
  const offers = [host("a"), host("b", 0, { freeFunctions: 3 }), host("c", 3072, { freeFunctions: 1 })];
  expect(idsOf(offers, { ...need, functions: 1 }, 9)).toEqual(["b", "b", "b", "c"]);
  expect(idsOf(offers, { ...need, functions: 2 }, 9)).toEqual(["b"]);
});

test("So are disk and network as far as they are known, and accelerators", () => {
  const offers = [host("a"), host("b", 0, { freeDiskGib: 100, freeNetworkMbps: 1000, freeAccelerators: 3 }), host("c", 0, { freeDiskGib: 0 })];
  expect(idsOf(offers, { ...need, diskGib: 40 }, 9)).toEqual(["a", "b", "a", "b", "a", "a"]);
  expect(idsOf(offers, { ...need, networkMbps: 1000 }, 4)).toEqual(["a", "b", "c", "a"]);
  expect(idsOf(offers, { ...need, accelerators: 2 }, 9)).toEqual(["b"]);
});
