/**
 * Accelerators as Linux shows them under /sys/bus/pci: devices beside the processor that compute, graphics cards among them. The one that the machine's own
 * screen is on is none, nor is that of a server's management. Reads only; the folder may be a made one.
 *
 *   devices/0000:01:00.0/   class 0x030000   boot_vga 0   vendor 0x10de   device 0x1eb8   driver → …/drivers/nvidia   iommu_group → …/iommu_groups/17
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { AcceleratorDescription } from "../protocol/report.ts";
import { findGroupDoubt, findPassDoubt, type CardDoubt, type PassThrough } from "../virtual-function/card-doubt.ts";
import { deviceFolder, pciFolder, readHolding, readWord, type Holding } from "../virtual-function/physical-functions.ts";

export interface Accelerator extends Holding {
  /** `0000:01:00.0` */
  readonly address: string;
  /** `10de:1eb8`: vendor and device. */
  readonly model: string;
}

/** PCI classes: graphics cards with a screen's connector, those without, and processing accelerators. */
const [screenClass, acceleratorClasses] = [/^0x0300/, /^0x0302|^0x1200/];
/** Whose graphics cards are for a server's remote console: ASPEED, Matrox. */
const managementVendors: readonly string[] = ["0x1a03", "0x102b"];

export function listAccelerators(pci = pciFolder): readonly Accelerator[] {
  const devices = join(pci, "devices");
  if (!existsSync(devices)) return [];
  return readdirSync(devices).toSorted().flatMap((address) => findAccelerator(address, pci) ?? []);
}

/** Undefined: there is no such device, or it is none. */
export function findAccelerator(address: string, pci = pciFolder): Accelerator | undefined {
  const word = (name: string) => readWord(join(deviceFolder(address, pci), name)) ?? "";
  const [deviceClass, vendor] = [word("class"), word("vendor")];
  const isFurtherScreen = screenClass.test(deviceClass) && word("boot_vga") === "0" && !managementVendors.includes(vendor);
  if (!isFurtherScreen && !acceleratorClasses.test(deviceClass)) return undefined;
  return { address, model: `${vendor}:${word("device")}`.replaceAll("0x", ""), ...readHolding(address, pci) };
}

/** Why no guest can have it; undefined: none is known. A group goes to one guest as a whole, so it must be the device's alone; a graphics card's sound is part of it. */
export function findAcceleratorDoubt({ address, group }: Accelerator, pass: PassThrough): CardDoubt | undefined {
  const isOfDevice = (member: string) => slotOf(member) === slotOf(address);
  return findPassDoubt(pass) ?? findGroupDoubt(address, group, isOfDevice);
}

/** `0000:01:00`: the device without the number of its function. */
function slotOf(address: string): string {
  return address.replace(/\.\d$/, "");
}

/** Model by model. */
export function describeAccelerators(accelerators: readonly Accelerator[], pass: PassThrough): readonly AcceleratorDescription[] {
  return [...Map.groupBy(accelerators, ({ model }) => model)].map(([model, devices]) => {
    const doubts = devices.flatMap((device) => findAcceleratorDoubt(device, pass) ?? []);
    return { model, count: devices.length - doubts.length, ...(doubts[0] === undefined ? {} : { reason: doubts[0].reason }) };
  });
}
