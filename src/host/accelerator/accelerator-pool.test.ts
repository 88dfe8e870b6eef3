import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InstanceId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { readAcceleratorPool, type AcceleratorPool } from "./accelerator-pool.ts";

let root: string;
/** Who has which, as it is on disk. */
let state: string | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hostelry-pci-"));
  state = undefined;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const [first, second, third] = ["0000:01:00.0", "0000:02:00.0", "0000:03:00.0"];
const [one, two]: readonly [InstanceId, InstanceId] = ["i-00000000000000001", "i-00000000000000002"];
const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(join(root, target), join(root, path));
}

/** A device in the hands of vfio-pci already, with a group of its own and its device file. */
function makeDevice(address: string, ...parts: readonly string[]): void {
  for (const member of [address, ...parts]) {
    const folder = `sys/bus/pci/devices/${member}`;
    link(`${folder}/driver`, "sys/bus/pci/drivers/vfio-pci");
    link(`${folder}/iommu_group`, `sys/kernel/iommu_groups/${address}`);
    link(`sys/kernel/iommu_groups/${address}/devices/${member}`, folder);
    for (const [name, word] of Object.entries({ class: member === address ? "0x030200" : "0x040300", vendor: "0x10de", device: "0x1eb8" })) writeFileSync(join(root, folder, name), word);
  }
  mkdirSync(join(root, "dev/vfio"), { recursive: true });
  writeFileSync(join(root, "dev/vfio", address), "");
}

function open(own: readonly string[] = [first, second, third]): Promise<AcceleratorPool> {
  const writeState = async (text: string) => void (state = text);
  return readAcceleratorPool({ own, readState: async () => state, writeState, log: silentLog }, root);
}

test("A guest has whole devices, its own each time it asks, and nobody else has them until it gives them back", async () => {
  for (const address of [first, second, third]) makeDevice(address);
  const pool = await open();
  expect(pool.descriptions).toEqual([{ model: "10de:1eb8", count: 3 }]);
  expect([await pool.take({ id: one, accelerators: 2 }, user), await pool.take({ id: two, accelerators: 1 }, user)]).toEqual([[first, second], [third]]);
  expect(await pool.take({ id: one, accelerators: 2 }, user), "a step may be repeated").toEqual([first, second]);
  await expect(pool.take({ id: two, accelerators: 2 }, user)).rejects.toMatchObject({ name: "TerminalError", reason: "Of the 2 accelerators that the instance needs the host has 1 left." });
  await pool.release(one);
  await pool.release(one);
  expect(await pool.take({ id: two, accelerators: 2 }, user), "what it has already comes first").toEqual([third, first]);
  expect(await pool.take({ id: one }, user), "most need none").toEqual([]);
});

test("A killed agent's successor knows who has which, and takes back what no machine has any more", async () => {
  for (const address of [first, second]) makeDevice(address);
  rmSync(join(root, "sys/bus/pci/devices", first, "driver"));
  link(`sys/bus/pci/devices/${first}/driver`, "sys/bus/pci/drivers/nvidia");
  await expect((await open()).take({ id: one, accelerators: 1 }, user), "its driver keeps it").rejects.toThrow(`${first} could not be handed to vfio-pci`);
  expect(state, "on disk before it is handed over").toBe(JSON.stringify({ [one]: [first] }));
  const successor = await open();
  expect(await successor.take({ id: two, accelerators: 1 }, user)).toEqual([second]);
  await expect(successor.take({ id: two, accelerators: 2 }, user)).rejects.toThrow();
  rmSync(join(root, "sys/bus/pci/devices", first, "driver"));
  link(`sys/bus/pci/devices/${first}/driver`, "sys/bus/pci/drivers/vfio-pci");
  await successor.retainOnly([two]);
  expect(await (await open()).take({ id: two, accelerators: 2 }, user)).toEqual([second, first]);
});

test("A device that is not the host's is not touched, and one that is gone or not kept apart is not given", async () => {
  makeDevice(first);
  makeDevice(second);
  const pool = await open([second]);
  expect(pool.descriptions).toEqual([{ model: "10de:1eb8", count: 1 }]);
  expect(await pool.take({ id: one, accelerators: 1 }, user)).toEqual([second]);
  await pool.release(one);
  link(`sys/kernel/iommu_groups/${second}/devices/${first}`, `sys/bus/pci/devices/${first}`);
  await expect(pool.take({ id: one, accelerators: 1 }, user)).rejects.toThrow(`Of the 1 accelerators that the instance needs the host has 0 left (${second} is in the IOMMU group ${second} with ${first}`);
  rmSync(join(root, "sys/bus/pci/devices", second), { recursive: true });
  await expect(pool.take({ id: one, accelerators: 1 }, user)).rejects.toThrow("Of the 1 accelerators that the instance needs the host has 0 left.");
});

test.skipIf(user.uid !== 0)("The guest's user may open the device while the guest has it, with all that is of the same card", async () => {
  makeDevice(first, "0000:01:00.1");
  const owner = () => statSync(join(root, "dev/vfio", first)).uid;
  chownSync(join(root, "dev/vfio", first), 0, 0);
  const pool = await open();
  await pool.take({ id: one, accelerators: 1 }, { uid: 612_345_678, gid: 612_345_678 });
  const between = owner();
  await pool.release(one);
  expect([between, owner()]).toEqual([612_345_678, 0]);
});
