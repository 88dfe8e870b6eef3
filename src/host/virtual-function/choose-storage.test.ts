import { describe, expect, test } from "vitest";
import { chooseStorage, type StorageCard, type StorageFunction } from "./choose-storage.ts";
import type { PhysicalFunction, VirtualFunction } from "./physical-functions.ts";

const pass = { iommu: true, vfio: true };
const card = "0000:02:00.0";
const gib = 2 ** 30;

function virtualFunction(number: number): VirtualFunction {
  const address = `0000:02:00.${number + 1}`;
  return { address, number, group: { id: String(number), members: [address] } };
}

const physical: PhysicalFunction = { address: card, kind: "storage", driver: "nvme", most: 2, functions: [virtualFunction(0), virtualFunction(1)] };

/** A controller, which is number 0 itself, with namespaces of these sizes, each seen by these controllers. */
function controller(namespaces: readonly (readonly [gib: number, ...controllers: number[]])[], columns: Partial<PhysicalFunction> = {}): StorageCard {
  return { card: { ...physical, ...columns }, primary: 0, namespaces: namespaces.map(([size, ...controllers], index) => ({ id: index + 1, bytes: size * gib, controllers })) };
}

const first: StorageFunction = { card, number: 0, address: "0000:02:00.1", namespace: 1, bytes: 50 * gib };
const second: StorageFunction = { card, number: 1, address: "0000:02:00.2", namespace: 2, bytes: 50 * gib };

describe("A guest's local disks", () => {
  test("are functions that nobody has, each with a namespace of just its size that nobody has", () => {
    expect(chooseStorage([controller([[50], [50]])], pass, [], [50 * gib, 50 * gib])).toEqual([first, second]);
    expect(chooseStorage([controller([[50, 1], [50]])], pass, [first], [50 * gib])).toEqual([second]);
    expect(chooseStorage([controller([[75], [118], [50]])], pass, [], [50 * gib])).toEqual([{ ...first, namespace: 3 }]);
  });

  test("are so also where a guest's namespace has been the host's a moment ago, when its agent was killed while it erased", () => {
    expect(chooseStorage([controller([[50, 0], [50]])], pass, [first], [50 * gib])).toEqual([second]);
  });

  test.each([
    ["all functions are taken", [controller([[50], [50], [50]])], pass, [first, second], "no free virtual function with a free namespace of 50 GiB"],
    ["only one of two disks can be one", [controller([[50], [75]])], pass, [], "no free virtual function with a free namespace of 50 GiB"],
    ["there are no namespaces", [controller([])], pass, [], "nvme create-ns"],
    ["the host uses one itself", [controller([[50], [500, 0]])], pass, [], "the host itself uses its namespace 2"],
    ["a reset has taken the functions away", [controller([[50]], { functions: [] })], pass, [], "no free virtual function"],
    ["the IOMMU is off", [controller([[50]])], { iommu: false, vfio: true }, [], "the IOMMU is off"],
    ["no group is isolated", [controller([[50]], { functions: [{ ...virtualFunction(0), group: { id: "0", members: ["0000:02:00.1", card] } }] })], pass, [], "in the IOMMU group 0 with"],
  ] as const)("are files when %s", (_what, present, through, taken, reason) => {
    expect(chooseStorage(present, through, taken, [50 * gib, 50 * gib])).toContain(reason);
  });
});
