/** From a specification and what the host prepared for it to the plan that an engine starts: pure. */
import { join } from "node:path";
import type { DiskUser } from "../disk/machine-disks.ts";
import type { MachinePlan, PlannedDisk, PlannedInterface } from "../engine/engine.ts";
import type { DiskSpecification, InterfaceSpecification, MachineSpecification } from "../protocol/specification.ts";
import type { EngineUser } from "./confinement.ts";
import type { MachinePlaces } from "./machine-directory.ts";
import type { MachineRecord } from "./machine-record.ts";

export interface Prepared {
  readonly places: MachinePlaces;
  readonly user: EngineUser | undefined;
  readonly imagesDirectory: string;
  /** By volume. */
  readonly disks: ReadonlyMap<string, PlannedDisk["source"]>;
  readonly instanceStore: readonly PlannedDisk["source"][];
  readonly localRoot: PlannedDisk["source"] | undefined;
  /** PCI addresses. */
  readonly accelerators: readonly string[];
  /** Of each interface. */
  readonly devices: ReadonlyMap<string, InterfaceDevice>;
}

export type InterfaceDevice = Pick<PlannedInterface, "tap" | "mtu" | "cardFunction">;

/**
 * The root file system is in the image's first partition; its disk is the first. `ds` tells the guest's cloud-init which metadata service there is. The
 * rest leaves out what takes long, 1.2 of the 1.4 seconds that the kernel needs to its first process: 512 terminals of the old kind
 * (which udev would then look at one by one), measuring the processor for busy waiting, which no driver here does (too high a number
 * only waits longer), and measuring which way of RAID 6 is fastest. Software RAID 6 is not to be had in such a guest for that;
 * EC2 advises against it.
 */
const kernelWords = "rw pty.legacy_count=0 lpj=35000000 initcall_blacklist=raid6_select_algo ds=ec2 ci.ds=Ec2";

export function planMachine(specification: MachineSpecification, prepared: Prepared): MachinePlan {
  const { id, vcpus, memoryMib, metadata } = specification;
  const { places, user, instanceStore, localRoot, accelerators } = prepared;
  const root = localRoot === undefined ? [] : [{ volume: "root", device: specification.localRoot?.device ?? "", root: true, source: localRoot }];
  const volumes = specification.disks.toSorted((a, b) => Number(b.root) - Number(a.root)).map((disk) => planDisk(disk, prepared));
  const local = instanceStore.map((source, index) => planInstanceStore(source, index, metadata.blockDevices));
  const nics = specification.interfaces.toSorted((a, b) => a.deviceIndex - b.deviceIndex).map((nic) => planInterface(nic, prepared));
  return {
    id,
    runDirectory: places.runDirectory,
    consoleFile: places.consoleFile,
    ...(user === undefined ? {} : { user }),
    instanceType: metadata.instanceType,
    ...(metadata.architecture === "arm64" ? { architecture: metadata.architecture } : {}),
    vcpus,
    memoryMib,
    ...planKernel(specification, prepared),
    disks: [...root, ...volumes, ...local],
    interfaces: nics,
    ...(accelerators.length === 0 ? {} : { accelerators }),
    diskBus: hasNvme(specification) ? "nvme" : "slots",
  };
}

function hasNvme({ metadata }: MachineSpecification): boolean {
  return metadata.hypervisor === "nitro";
}

function planKernel({ virtualization, kernelFile, ramdiskFile }: MachineSpecification, { imagesDirectory }: Prepared): Pick<MachinePlan, "kernel"> {
  if (virtualization !== "paravirtual" || kernelFile === undefined) return {};
  const file = join(imagesDirectory, kernelFile);
  if (ramdiskFile === undefined) return { kernel: { file, commandLine: `root=/dev/ubda1 ${kernelWords}` } };
  return { kernel: { file, initrd: join(imagesDirectory, ramdiskFile), commandLine: `root=/dev/vda1 ${kernelWords}` } };
}

/** Whom the disks of the present run are for. */
export function toDiskUser(specification: MachineSpecification, record: MachineRecord, places: MachinePlaces, user: EngineUser | undefined): DiskUser {
  const { id } = specification;
  const { dataDirectory, disksDirectory } = places;
  const virtualization = record.virtualization ?? specification.virtualization;
  const readsFiles = virtualization === "paravirtual" && specification.ramdiskFile === undefined;
  const mayHaveFunctions = virtualization === "hardware" && hasNvme(specification);
  return { id, readsFiles, dataDirectory, disksDirectory, ...(user === undefined ? {} : { user }), ...(mayHaveFunctions ? { functionsWithMib: specification.memoryMib } : {}) };
}

export function planDisk({ volume, device, root }: DiskSpecification, { disks }: Pick<Prepared, "disks">): PlannedDisk {
  const source = disks.get(volume);
  if (source === undefined) throw new Error(`volume ${volume} is not prepared`);
  return { volume, device, root, source };
}

export function planInterface({ id, mac, emulatedCard }: InterfaceSpecification, { devices }: Pick<Prepared, "devices">): PlannedInterface {
  const device = devices.get(id);
  if (device === undefined) throw new Error(`interface ${id} is not prepared`);
  return { id, mac, ...device, ...(emulatedCard === undefined ? {} : { emulatedCard }) };
}

function planInstanceStore(source: PlannedDisk["source"], index: number, blockDevices: Readonly<Record<string, string>>): PlannedDisk {
  const volume = `ephemeral${index}`;
  const device = blockDevices[volume] ?? `xvd${String.fromCharCode("b".charCodeAt(0) + index)}`;
  return { volume, device: device.startsWith("/dev/") ? device : `/dev/${device}`, root: false, source };
}
