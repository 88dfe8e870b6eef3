import { describe, expect, test } from "vitest";
import { chooseFunction, type PresentCard } from "./choose-function.ts";
import type { PhysicalFunction, VirtualFunction } from "./physical-functions.ts";

const pass = { iommu: true, vfio: true };

function virtualFunction(number: number, mates: readonly string[] = []): VirtualFunction {
  const address = `0000:01:10.${number}`;
  return { address, number, group: { id: String(number), members: [address, ...mates] } };
}

function card(device: string, functions: readonly VirtualFunction[], columns: Partial<PhysicalFunction> = {}): PresentCard {
  return { device, card: { address: "0000:01:00.0", kind: "network", driver: "igb", most: 7, functions, ...columns } };
}

const [first, second] = [virtualFunction(0), virtualFunction(1)];
const taken = [{ device: "eth1", number: 0, address: first.address }];

describe("A guest's virtual function", () => {
  test("is the first that nobody has and whose IOMMU group is its own", () => {
    expect(chooseFunction([card("eth1", [first, second])], pass, taken)).toEqual({ device: "eth1", number: 1, address: second.address });
    expect(chooseFunction([card("eth1", [virtualFunction(0, ["0000:00:1f.0"]), second])], pass, [])).toMatchObject({ number: 1 });
    expect(chooseFunction([card("eth1", [first]), card("eth2", [virtualFunction(3)])], pass, taken)).toMatchObject({ device: "eth2", number: 3 });
  });

  test.each([
    ["all are taken", [card("eth1", [first])], pass, "no virtual function left (eth1: all are taken)"],
    ["the card is gone", [], pass, "has no network card with virtual functions"],
    ["a reset has taken them away", [card("eth1", [], { most: 0 })], pass, "keeps SR-IOV off"],
    ["the IOMMU is off", [card("eth1", [second])], { iommu: false, vfio: true }, "eth1: the IOMMU is off"],
    ["vfio-pci is missing", [card("eth1", [second])], { iommu: true, vfio: false }, "vfio-pci"],
    ["no group is isolated", [card("eth1", [virtualFunction(0, ["0000:00:1f.0"])])], pass, "in the IOMMU group 0 with 0000:00:1f.0"],
    ["they have no group", [card("eth1", [{ address: "0000:01:10.0", number: 0 }])], pass, "is in no IOMMU group"],
  ] as const)("is refused with the reason when %s", (_what, present, through, reason) => {
    expect(() => chooseFunction(present, through, taken)).toThrow(reason);
  });
});
