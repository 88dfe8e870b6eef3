import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cardChecks } from "./cards.ts";
import { findCardDoubt, readPassThrough } from "../../host/virtual-function/card-doubt.ts";
import { findPhysicalFunction, listPhysicalFunctions } from "../../host/virtual-function/physical-functions.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "hostelry-pci-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const card = "0000:01:00.0";
const [port, first, second] = ["0000:00:01.0", "0000:01:10.0", "0000:01:10.2"];

function file(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `${text}\n`);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(relative(dirname(join(root, path)), join(root, target)), join(root, path));
}

/** As Linux shows a machine with a card behind a port: the card's functions, each with the groups' members that are named. */
function makeTree({ most = 7, driver = "igb", groups = { [first]: [first], [second]: [second] } }: { most?: number; driver?: string; groups?: Readonly<Record<string, readonly string[]>> } = {}): void {
  file(`devices/${port}/class`, "0x060400");
  file(`devices/${card}/class`, "0x020000");
  file(`devices/${card}/sriov_totalvfs`, String(most));
  if (driver !== "") link(`devices/${card}/driver`, `drivers/${driver}`);
  for (const [number, [address, members]] of Object.entries(groups).entries()) {
    file(`devices/${address}/class`, "0x020000");
    link(`devices/${address}/driver`, "drivers/vfio-pci");
    link(`devices/${card}/virtfn${number}`, `devices/${address}`);
    if (members.length === 0) continue;
    link(`devices/${address}/iommu_group`, `iommu_groups/${number}`);
    for (const member of members) link(`iommu_groups/${number}/devices/${member}`, `devices/${member}`);
  }
}

const doubtNow = () => {
  const found = findPhysicalFunction(card, root);
  return found && findCardDoubt(found, readPassThrough(root, join(root, "iommu_groups")))?.reason;
};

test("a card's virtual functions are found by their numbers, each with its driver and the devices that it cannot be told apart from", () => {
  makeTree({ groups: { [first]: [first, port], [second]: [second] } });
  expect(listPhysicalFunctions(root)).toEqual([
    {
      address: card,
      kind: "network",
      driver: "igb",
      most: 7,
      functions: [
        { address: first, number: 0, driver: "vfio-pci", group: { id: "0", members: [first] } },
        { address: second, number: 1, driver: "vfio-pci", group: { id: "1", members: [second] } },
      ],
    },
  ]);
  expect(doubtNow()).toBeUndefined();
});

test("NVMe controllers are cards too, other devices are none, and a machine without PCI has none", () => {
  makeTree();
  file(`devices/${card}/class`, "0x010802");
  expect(findPhysicalFunction(card, root)?.kind).toBe("storage");
  file(`devices/${card}/class`, "0x030000");
  expect([findPhysicalFunction(card, root), findPhysicalFunction(port, root), listPhysicalFunctions(join(root, "none"))]).toEqual([undefined, undefined, []]);
});

test("what is in the way is named: firmware, driver, IOMMU, module, group", () => {
  makeTree({ most: 0 });
  expect(doubtNow()).toContain("keeps SR-IOV off");
  rmSync(root, { recursive: true });
  makeTree({ driver: "" });
  expect(doubtNow()).toBe(`${card} has no driver, and a card splits itself through its driver only`);
  rmSync(root, { recursive: true });
  makeTree({ groups: { [first]: [] } });
  expect(doubtNow()).toContain("the IOMMU is off");
  rmSync(root, { recursive: true });
  makeTree({ groups: { [first]: [first, second, card] } });
  expect(doubtNow()).toBe(`${first} is in the IOMMU group 0 with ${card}, ${second}: they could reach each other's memory`);
  rmSync(join(root, "drivers", "vfio-pci"), { recursive: true });
  expect(doubtNow()).toContain("vfio-pci");
});

test("doctor shows each card, and none is needed", () => {
  makeTree();
  const cards = listPhysicalFunctions(root);
  const show = (...args: Parameters<typeof cardChecks>) => cardChecks(...args).map(({ name, result, detail, required }) => [name, result, detail, required]);
  expect(show(cards, { iommu: true, vfio: true })).toEqual([[card, "yes", "igb: 2 of 7 virtual functions are there for guests", false]]);
  expect(show(cards, { iommu: false, vfio: true })).toEqual([[card, "no", "the IOMMU is off: a guest with a device could write to all memory", false]]);
  expect(show([], { iommu: true, vfio: true })[0]?.slice(0, 2)).toEqual(["virtual functions", "no"]);
});
