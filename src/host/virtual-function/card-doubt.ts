/** Why guests cannot have a card's virtual functions: pure, from what Linux shows of the card. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pciFolder, type IommuGroup, type PhysicalFunction, type VirtualFunction } from "./physical-functions.ts";

export interface CardDoubt {
  readonly reason: string;
  readonly remedy: string;
}

/** What does not depend on the card. */
export interface PassThrough {
  /** The IOMMU is on: it has groups. */
  readonly iommu: boolean;
  /** The driver that hands devices to guests is loaded. */
  readonly vfio: boolean;
}

export function readPassThrough(pci = pciFolder, groups = "/sys/kernel/iommu_groups"): PassThrough {
  return { iommu: existsSync(groups) && readdirSync(groups).length > 0, vfio: existsSync(join(pci, "drivers", "vfio-pci")) };
}

/** Undefined: none is known. What its virtual functions are worth is known when there are some. */
export function findCardDoubt({ address, driver, most, functions }: PhysicalFunction, pass: PassThrough): CardDoubt | undefined {
  if (most === 0) return { reason: `${address} may have no virtual function: its firmware, or the machine's, keeps SR-IOV off`, remedy: "Turn SR-IOV on in the machine's firmware set-up and in the card's own" };
  if (driver === undefined) return { reason: `${address} has no driver, and a card splits itself through its driver only`, remedy: `modprobe the module that lspci -k -s ${address} names` };
  const passDoubt = findPassDoubt(pass);
  if (passDoubt !== undefined) return passDoubt;
  const doubts = functions.map(findFunctionDoubt);
  return doubts.includes(undefined) ? undefined : doubts[0];
}

/** Of any device: why no guest of this machine can have one. */
export function findPassDoubt({ iommu, vfio }: PassThrough): CardDoubt | undefined {
  if (!iommu) return { reason: "the IOMMU is off: a guest with a device could write to all memory", remedy: "Turn VT-d or AMD-Vi on in the firmware, and start Linux with intel_iommu=on iommu=pt (Intel) or iommu=pt (AMD)" };
  if (!vfio) return { reason: "the kernel's module vfio-pci, which hands devices to guests, is not loaded", remedy: "modprobe vfio-pci, and name it in /etc/modules" };
  return undefined;
}

/** A group goes to one guest as a whole, so it must be the function's alone. */
export function findFunctionDoubt({ address, group }: VirtualFunction): CardDoubt | undefined {
  return findGroupDoubt(address, group, (member) => member === address);
}

/** `isOwn`: whether a member of the group is of the device itself. */
export function findGroupDoubt(address: string, group: IommuGroup | undefined, isOwn: (member: string) => boolean): CardDoubt | undefined {
  if (group === undefined) return { reason: `${address} is in no IOMMU group`, remedy: "Turn VT-d or AMD-Vi on in the firmware, or put the card into another slot" };
  const others = group.members.filter((member) => !isOwn(member));
  if (others.length === 0) return undefined;
  return { reason: `${address} is in the IOMMU group ${group.id} with ${others.join(", ")}: they could reach each other's memory`, remedy: "Turn ACS on in the firmware, or put the card into a slot of the processor's own" };
}
