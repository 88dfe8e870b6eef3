/**
 * Network cards and NVMe controllers that can split themselves (SR-IOV), as Linux shows them under /sys/bus/pci (Documentation/PCI/pci-iov-howto.rst, ABI/testing/sysfs-bus-pci):
 * a card's physical function, and the virtual functions that it was told to have. Reads only; the folder may be a made one.
 *
 *   devices/0000:01:00.0/   class 0x020000   sriov_totalvfs 7   sriov_numvfs 2   driver → …/drivers/igb   virtfn0 → ../0000:01:10.0   virtfn1 → …
 *   devices/0000:01:10.0/   driver → …/drivers/vfio-pci         iommu_group → …/iommu_groups/17           physfn → ../0000:01:00.0
 */
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

export interface PhysicalFunction {
  /** `0000:01:00.0` */
  readonly address: string;
  readonly kind: "network" | "storage";
  readonly driver?: string;
  /** How many virtual functions the card, its firmware and its driver allow. */
  readonly most: number;
  /** Those that there are, by their numbers. */
  readonly functions: readonly VirtualFunction[];
}

export interface VirtualFunction extends Holding {
  readonly address: string;
  readonly number: number;
}

/** Who has a function. */
export interface Holding {
  readonly driver?: string;
  /** Absent: no IOMMU keeps its memory accesses apart. */
  readonly group?: IommuGroup;
}

/** What the IOMMU cannot tell apart. */
export interface IommuGroup {
  readonly id: string;
  /** Addresses of the devices in it, without bridges: Linux keeps those for itself and hands the rest out. */
  readonly members: readonly string[];
}

export const pciFolder = "/sys/bus/pci";

/** PCI classes: of network controllers, of NVMe controllers, and of bridges between buses. */
const [networkClass, storageClass, bridgeClass] = [/^0x02/, /^0x0108/, /^0x0604/];

export function listPhysicalFunctions(pci = pciFolder): readonly PhysicalFunction[] {
  const devices = join(pci, "devices");
  if (!existsSync(devices)) return [];
  return readdirSync(devices).toSorted().flatMap((address) => findPhysicalFunction(address, pci) ?? []);
}

/** Undefined: there is no such device, it is neither network card nor NVMe controller, or it cannot split itself. */
export function findPhysicalFunction(address: string, pci = pciFolder): PhysicalFunction | undefined {
  const folder = deviceFolder(address, pci);
  const most = readWord(join(folder, "sriov_totalvfs"));
  const kind = kindOf(readWord(join(folder, "class")) ?? "");
  if (most === undefined || kind === undefined) return undefined;
  const numbers = readdirSync(folder).flatMap((name) => /^virtfn(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return { address, kind, ...driverOf(folder), most: Number(most), functions: numbers.toSorted((a, b) => a - b).map((number) => readVirtualFunction(folder, number, pci)) };
}

function kindOf(word: string): PhysicalFunction["kind"] | undefined {
  if (networkClass.test(word)) return "network";
  return storageClass.test(word) ? "storage" : undefined;
}

export function deviceFolder(address: string, pci = pciFolder): string {
  return join(pci, "devices", address);
}

function readVirtualFunction(card: string, number: number, pci: string): VirtualFunction {
  const address = basename(readlinkSync(join(card, `virtfn${number}`)));
  return { address, number, ...readHolding(address, pci) };
}

/** Of a function that may be gone: nobody has it then. */
export function readHolding(address: string, pci = pciFolder): Holding {
  const folder = deviceFolder(address, pci);
  const id = linkedName(join(folder, "iommu_group"));
  if (id === undefined) return driverOf(folder);
  const members = readdirSync(join(folder, "iommu_group", "devices")).filter((member) => !bridgeClass.test(readWord(join(deviceFolder(member, pci), "class")) ?? ""));
  return { ...driverOf(folder), group: { id, members: members.toSorted() } };
}

function driverOf(folder: string): { readonly driver?: string } {
  const driver = linkedName(join(folder, "driver"));
  return driver === undefined ? {} : { driver };
}

function linkedName(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}

export function readWord(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
