/**
 * QEMU's command line for a machine: pure text, checked against golden files. What the machine is depends on its architecture (`qemu-platform.ts`). Slots:
 *
 *   2 root disk   3 entropy   5 first interface (`ens5`, as on EC2)   6… other disks, then other interfaces, then accelerators
 *
 * Hot-plugged devices get the lowest free slot, never below the root disk, so the root disk stays the first of its kind. Disks that have letters (`slot-disks.ts`) go down
 * from the highest slot instead, so that guests know the letter by the slot: 31 is b, 30 is c.
 * Nothing that the guest does not need is built in: no USB, no firmware for network boot, no system management mode, no HPET.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { blockNode } from "../block-node.ts";
import { disksEnded, serveText } from "../disk-servers.ts";
import type { MachinePlan, PlannedDisk, PlannedInterface } from "../engine.ts";
import { firstSlots, slotOf, socketOfSlot } from "../slot-disks.ts";
import { type Accelerator, type Platform, platformOf } from "./qemu-platform.ts";

/** The descriptor at which the process finds the open serial log. */
export const consoleDescriptor = 3;

const rootSlot = 2;
const firstInterfaceSlot = 5;
export const firstFurtherSlot = 6;
const [lastSlot, placeOfB] = [31, 1];

export const startScript = "start.sh";

/** Becomes QEMU, whose words are this script's, once the guest's disks are served. */
export const startText = `#!/bin/sh
# Serves the disks of the machine of this directory, then is the machine.
${serveText(` $$ ${consoleDescriptor}>&-`)}[ -e ${disksEnded} ] && exit 1
exec "$@"
`;

/** In the script that serves the disks: ends QEMU. */
export const endQemu = 'kill -s KILL "$1"';

export function qemuArguments(plan: MachinePlan, accelerator: Accelerator, processorModel: string): string[] {
  const platform = platformOf(plan);
  return [
    ["-name", plan.id],
    ["-nodefaults", "-no-user-config", "-display", "none"],
    ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    platform.machineArguments(accelerator, processorModel, plan),
    ["-smp", `cpus=${plan.vcpus}`, "-m", `size=${plan.memoryMib}M`, "-rtc", "base=utc"],
    plan.diskBus === "slots" ? sharedMemory(plan) : [],
    ["-boot", "menu=off,strict=on"],
    identityArguments(plan),
    // A guest that powers off leaves a paused process, so that an agent that was away still learns that it was the guest.
    ["-no-shutdown"],
    ["-qmp", `unix:${escapeCommas(join(plan.runDirectory, "qmp.sock"))},server=on,wait=off`],
    ["-add-fd", `fd=${consoleDescriptor},set=1`, "-chardev", `socket,id=console,path=${escapeCommas(serialSocketOf(plan))},server=on,wait=off,logfile=/dev/fdset/1,logappend=on`, "-serial", "chardev:console"],
    ["-object", "rng-builtin,id=entropy", "-device", device({ driver: "virtio-rng-pci", rng: "entropy", addr: "0x3" })],
    platform.fixtures.flatMap((fixture) => ["-device", fixture]),
    ...(plan.diskBus === "slots" ? slotArguments(plan) : plan.disks.map((disk, index) => diskArguments(disk, plan, index, platform))),
    ...plan.interfaces.map((nic, index) => interfaceArguments(nic, plan, index, platform)),
    ...(plan.accelerators ?? []).map((address, index) => acceleratorArguments(address, plan, index, platform)),
    kernelArguments(plan),
  ].flat();
}

/** Whoever connects here types at the guest's serial port. What the guest says is in the log, whether somebody is connected or not. */
export function serialSocketOf({ runDirectory }: Pick<MachinePlan, "runDirectory">): string {
  return join(runDirectory, "serial.sock");
}

/** The guest's UUID: `ec2` and digits that only depend on the instance. */
export function machineUuid(instance: string): string {
  const digits = `ec2${createHash("sha256").update(instance).digest("hex")}`;
  return [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, `a${digits.slice(17, 20)}`, digits.slice(20, 32)].join("-");
}

export function diskDevice(disk: PlannedDisk, bus: MachinePlan["diskBus"]): Readonly<Record<string, string | number>> {
  const identity = { id: diskId(disk.volume), drive: disk.volume, serial: disk.volume.replace("-", "").slice(0, 20) };
  const boot = disk.root ? { bootindex: 1 } : {}; // a kernel given to QEMU takes 0
  if (bus === "nvme") return { driver: "nvme", ...identity, ...boot };
  // As NVMe does: an error goes to the guest, which knows what to do; a guest paused by QEMU would wait for nobody.
  return { driver: "virtio-blk-pci", ...identity, ...boot, werror: "report", rerror: "report" };
}

export function interfaceBackend(nic: PlannedInterface): Readonly<Record<string, string>> {
  return { type: "tap", id: backendId(nic.id), ifname: nic.tap, script: "no", downscript: "no" };
}

export function interfaceDevice(nic: PlannedInterface): Readonly<Record<string, string>> {
  return { driver: nic.emulatedCard === true ? "e1000" : "virtio-net-pci", id: interfaceId(nic.id), netdev: backendId(nic.id), mac: nic.mac, romfile: "" };
}

export const diskId = (volume: string) => `disk-${volume}`;
export const interfaceId = (id: string) => `nic-${id}`;
export const acceleratorId = (index: number) => `accelerator-${index}`;
export const backendId = (id: string) => `net-${id}`;

/** What a guest of EC2 finds in its DMI (facts §6.2): the instance's id is the asset tag of the board. */
function identityArguments({ id, instanceType }: MachinePlan): string[] {
  const uuid = machineUuid(id);
  const product = instanceType === undefined ? "" : `,product=${instanceType}`;
  const amazon = "Amazon EC2";
  return [
    ["-uuid", uuid],
    ["-smbios", `type=0,vendor=${amazon},version=1.0`],
    ["-smbios", `type=1,manufacturer=${amazon}${product},serial=${uuid},uuid=${uuid}`],
    ["-smbios", `type=2,manufacturer=${amazon},asset=${id}`],
    ["-smbios", `type=3,manufacturer=${amazon},asset=${amazon}`],
  ].flat();
}

function diskArguments(disk: PlannedDisk, plan: MachinePlan, index: number, platform: Platform): string[] {
  const firstIsRoot = plan.disks[0]?.root === true;
  const slot = disk.root ? rootSlot : firstFurtherSlot + index - (firstIsRoot ? 1 : 0);
  if (disk.source.kind === "function") return functionArguments(diskId(disk.volume), disk.source.address, platform.placeInSlot(slot));
  return ["-blockdev", JSON.stringify(blockNode(disk.source, disk.volume)), "-device", device({ ...diskDevice(disk, plan.diskBus), ...platform.placeInSlot(slot) })];
}

/** Whoever serves a disk reads and writes the guest's memory itself. */
function sharedMemory({ memoryMib }: MachinePlan): string[] {
  return ["-object", `memory-backend-memfd,id=memory,size=${memoryMib}M,share=on`, "-machine", "memory-backend=memory"];
}

function slotArguments({ disks }: MachinePlan): string[] {
  const slots = firstSlots(disks);
  return disks.flatMap((disk) => {
    const slot = slotOf(slots, disk.volume) ?? 0;
    return ["-chardev", `socket,id=${socketOfSlot(slot)},path=${socketOfSlot(slot)}`, "-device", device(slotDevice(disk, slot))];
  });
}

/** The server knows no serial number: a guest knows the disk by its place. */
export function slotDevice({ volume, root }: PlannedDisk, slot: number): Readonly<Record<string, string | number>> {
  const place = root ? rootSlot : lastSlot - (slot - placeOfB);
  const boot = root ? { bootindex: 1 } : {};
  return { driver: "vhost-user-blk-pci", id: diskId(volume), chardev: socketOfSlot(slot), "num-queues": 1, ...boot, addr: `0x${place.toString(16)}` };
}

function interfaceArguments(nic: PlannedInterface, plan: MachinePlan, index: number, platform: Platform): string[] {
  const slot = index === 0 ? firstInterfaceSlot : firstFurtherSlot + plan.disks.length + index - 1;
  if (nic.cardFunction !== undefined) return functionArguments(interfaceId(nic.id), nic.cardFunction, platform.placeInSlot(slot));
  return ["-netdev", device(interfaceBackend(nic), "type"), "-device", device({ ...interfaceDevice(nic), ...platform.placeInSlot(slot) })];
}

function acceleratorArguments(address: string, { disks, interfaces }: MachinePlan, index: number, platform: Platform): string[] {
  const slot = firstFurtherSlot + disks.length + interfaces.length - 1 + index;
  return ["-device", device({ driver: "vfio-pci", id: acceleratorId(index), host: address, ...platform.placeInSlot(slot) })];
}

function functionArguments(id: string, address: string, place: ReturnType<Platform["placeInSlot"]>): string[] {
  return ["-device", device({ driver: "vfio-pci", id, host: address, rombar: 0, ...place })];
}

function kernelArguments(plan: MachinePlan): string[] {
  if (plan.kernel === undefined) return [];
  const { file, initrd, commandLine } = plan.kernel;
  return ["-kernel", file, ...(initrd === undefined ? [] : ["-initrd", initrd]), "-append", commandLine];
}

/** QEMU's `first,key=value` form; a comma inside a value is doubled. */
function device(properties: Readonly<Record<string, string | number>>, first = "driver"): string {
  const rest = Object.entries(properties).filter(([key]) => key !== first);
  return [String(properties[first]), ...rest.map(([key, value]) => `${key}=${escapeCommas(String(value))}`)].join(",");
}

function escapeCommas(text: string): string {
  return text.replaceAll(",", ",,");
}
