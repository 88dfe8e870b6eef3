import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeAccelerators, findAccelerator, findAcceleratorDoubt, listAccelerators } from "./accelerators.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "hostelry-pci-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(relative(dirname(join(root, path)), join(root, target)), join(root, path));
}

/** As Linux shows a device, in a group with these. */
function makeDevice(address: string, words: Readonly<Record<string, string>>, group?: readonly string[]): void {
  mkdirSync(join(root, "devices", address), { recursive: true });
  for (const [name, word] of Object.entries(words)) writeFileSync(join(root, "devices", address, name), `${word}\n`);
  if (group === undefined) return;
  link(`devices/${address}/iommu_group`, `iommu_groups/${address}`);
  for (const member of [address, ...group]) link(`iommu_groups/${address}/devices/${member}`, `devices/${member}`);
}

const tesla = { class: "0x030200", vendor: "0x10de", device: "0x1eb8" };
const [first, second, graphics, sound, bridge] = ["0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:03:00.1", "0000:00:01.0"];

test("Accelerators are cards that compute, of whatever kind, and graphics cards that the machine's screen is not on", () => {
  makeDevice(first, tesla, []);
  makeDevice("0000:04:00.0", { class: "0x120000", vendor: "0x1d0f", device: "0x7064" });
  makeDevice(graphics, { class: "0x030000", vendor: "0x10de", device: "0x2204", boot_vga: "0" });
  makeDevice("0000:05:00.0", { class: "0x030000", vendor: "0x8086", device: "0x4680", boot_vga: "1" });
  makeDevice("0000:06:00.0", { class: "0x030000", vendor: "0x1a03", device: "0x2000", boot_vga: "0" });
  makeDevice("0000:07:00.0", { class: "0x020000", vendor: "0x8086", device: "0x10c9" });
  makeDevice(sound, { class: "0x040300", vendor: "0x10de", device: "0x1aef" });
  expect(listAccelerators(root)).toEqual([
    { address: first, model: "10de:1eb8", group: { id: first, members: [first] } },
    { address: graphics, model: "10de:2204" },
    { address: "0000:04:00.0", model: "1d0f:7064" },
  ]);
  expect([listAccelerators(join(root, "none")), findAccelerator("0000:09:00.0", root)], "a machine without PCI, and one that is gone").toEqual([[], undefined]);
});

test("One is for guests if nothing else can be reached through it but its own sound", () => {
  makeDevice(sound, { class: "0x040300" });
  makeDevice(bridge, { class: "0x060400" });
  makeDevice(graphics, { class: "0x030000", vendor: "0x10de", device: "0x2204", boot_vga: "0" }, [sound, bridge]);
  makeDevice(first, tesla, [graphics]);
  makeDevice(second, tesla);
  const pass = { iommu: true, vfio: true };
  const doubtOf = (address: string, at = pass) => {
    const found = findAccelerator(address, root);
    return found && findAcceleratorDoubt(found, at)?.reason;
  };
  expect(doubtOf(graphics)).toBeUndefined();
  expect(doubtOf(first)).toBe(`${first} is in the IOMMU group ${first} with ${graphics}: they could reach each other's memory`);
  expect([doubtOf(second), doubtOf(graphics, { iommu: false, vfio: true }), doubtOf(graphics, { iommu: true, vfio: false })]).toEqual([
    `${second} is in no IOMMU group`,
    expect.stringContaining("the IOMMU is off"),
    expect.stringContaining("vfio-pci"),
  ]);
  expect(describeAccelerators(listAccelerators(root), pass)).toEqual([
    { model: "10de:1eb8", count: 0, reason: doubtOf(first) },
    { model: "10de:2204", count: 1 },
  ]);
});
