/**
 * The two machines that QEMU plays, and what is different about their command lines: EC2's of x86_64, an i440FX (`pc`), and that of arm64, QEMU's `virt`.
 *
 * Devices have numbered slots on both. On `pc` these are the slots of its one PCI bus, where anything can be plugged in at any time. `virt` has PCI Express,
 * which is plugged in at ports only: each slot is a port of its own, made with the machine, and its number is what the guest's system calls the slot.
 *
 * `virt` boots through UEFI, as EC2's arm64 instances do. Its variables are in memory: what a guest's system writes there lasts until the machine ends, and an
 * image boots by the path that removable disks have (`\EFI\BOOT\BOOTAA64.EFI`).
 */
import type { MachinePlan } from "../engine.ts";

export type Accelerator = "tcg" | "kvm";

export interface Platform {
  readonly program: string;
  /** What to do where the program is missing. */
  readonly remedy: string;
  /** Machine, accelerator, processor, firmware. */
  machineArguments(accelerator: Accelerator, processorModel: string, plan: Pick<MachinePlan, "kernel">): string[];
  /** Which properties put a device into the slot. */
  placeInSlot(slot: number): Readonly<Record<string, string>>;
  /** Devices that are there whatever the plan says, as `-device` has them. */
  readonly fixtures: readonly string[];
}

export function platformOf({ architecture }: Pick<MachinePlan, "architecture">): Platform {
  return architecture === "arm64" ? virt : pc;
}

/** A `q35` with as many ports for hot-plugging takes a third longer from power-on to the first process. */
const pc: Platform = {
  program: "/usr/bin/qemu-system-x86_64",
  remedy: "install the Debian package qemu-system-x86",
  machineArguments: (accelerator, processorModel) => [
    ...["-machine", "pc,usb=off,vmport=off,smm=off,hpet=off,dump-guest-core=off"],
    ...(accelerator === "kvm" ? ["-accel", "kvm", "-cpu", hostProcessor(processorModel)] : ["-accel", translator, "-cpu", translatedProcessor]),
  ],
  placeInSlot: (slot) => ({ addr: `0x${slot.toString(16)}` }),
  fixtures: [],
};

const translator = "tcg,thread=multi,tb-size=256";
/** It does not claim to copy and fill memory fast byte by byte: a guest's kernel would, and the translator takes one byte at a time then. */
const translatedProcessor = "max,erms=off,fsrm=off";

/** This register is Intel's. Newer host kernels refuse it on AMD's processors, and QEMU would end itself. */
function hostProcessor(model: string): string {
  return model.includes("AMD") ? "host,arch-capabilities=off" : "host";
}

const [arm64Program, firmware] = ["/usr/bin/qemu-system-aarch64", "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"] as const; // two names, not a list of some
/** Without any of them there are no guests of arm64. */
export const arm64Files: readonly string[] = [arm64Program, firmware];

/** Slots that are ports: the root disk's, the first interface's and those behind it, as many as a Nitro instance has attachments. */
const portSlots = [2, ...Array.from({ length: 27 }, (_, index) => 5 + index)];
const firstPortDevice = 4;
const functionsOfDevice = 8;

/** The processor is that of Graviton2 (Neoverse N1): nothing in it is slow to translate, as are the newer ones' signed pointers. */
const virt: Platform = {
  program: arm64Program,
  remedy: "run ./hostelry setup arm64, which installs qemu-system-arm and qemu-efi-aarch64",
  machineArguments: (_accelerator, _processorModel, { kernel }) => [
    ...["-machine", "virt,gic-version=3,usb=off,dump-guest-core=off", "-accel", translator, "-cpu", "neoverse-n1"],
    ...(kernel === undefined ? ["-bios", firmware] : []), // which would take the kernel, and boot it when it is done with everything else
  ],
  placeInSlot: (slot) => ({ bus: portName(slot) }),
  fixtures: portSlots.map((slot, index) => {
    const [device, part] = [firstPortDevice + Math.floor(index / functionsOfDevice), index % functionsOfDevice];
    const first = part === 0 ? ",multifunction=on" : "";
    return `pcie-root-port,id=${portName(slot)},bus=pcie.0,addr=0x${device.toString(16)}.${part}${first},chassis=${slot},slot=${slot},io-reserve=0`;
  }),
};

function portName(slot: number): string {
  return `slot${slot}`;
}

/** The ports into which something can be plugged while the machine runs, in the order in which they are to be used; none on a machine that needs no ports. */
export function furtherPorts(platform: Platform, firstSlot: number): readonly string[] {
  return platform.fixtures.length === 0 ? [] : portSlots.filter((slot) => slot >= firstSlot).map(portName);
}
