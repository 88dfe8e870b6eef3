/**
 * What every hypervisor offers to the agent. QEMU with TCG, QEMU with KVM, User-mode Linux and the simulated engine implement it and
 * pass one contract suite (`engine-contract.ts`). Engines do not import each other.
 *
 * An engine process outlives the agent that started it. Everything needed to find it again is in the machine's run directory.
 */
import type { Writable } from "node:stream";
import type { Inspection } from "../protocol/inspection.ts";
import type { EndCause, EngineAvailability } from "../protocol/report.ts";
import type { Virtualization } from "../protocol/specification.ts";

export interface Engine {
  readonly virtualization: Virtualization;
  /** Boots a minimal guest with a time limit and says whether it reached its first user process. */
  probe(signal: AbortSignal): Promise<EngineAvailability>;
  /**
   * Starts the engine's process and returns once its control channel answers; the guest is then booting.
   * Must not be called while a process of this machine runs: `adopt` first.
   */
  start(plan: MachinePlan, signal: AbortSignal): Promise<RunningMachine>;
  /**
   * Takes over the process that an earlier agent left in this run directory, or undefined when none runs any more. A guest that powered off
   * while no agent watched is given once more with its `ended` settled, as long as its run directory remembers it.
   */
  adopt(plan: MachinePlan): Promise<RunningMachine | undefined>;
}

/** A guest whose engine process runs. */
export interface RunningMachine {
  readonly pid: number;
  /** Settles soon after the end of the engine's process. `requested` when `kill` or `requestStop` came before. */
  readonly ended: Promise<{ readonly cause: EndCause; readonly reason?: string }>;
  /** Asks the guest to shut down (ACPI power button; Ctrl-Alt-Del for User-mode Linux). Returns at once; may be repeated. */
  requestStop(): Promise<void>;
  /** Ends the engine's process and returns when it is gone. */
  kill(): Promise<void>;
  /** Asks the guest to restart, and restarts it hard after `gracefulMs`. The process and all its devices stay. Returns when the restart has begun. */
  reboot(gracefulMs: number): Promise<void>;
  /** What is written arrives at the guest's serial port, as if typed there. For one user at a time. Rejects where an earlier version started the process without it. */
  openSerialInput(): Promise<Writable>;
  attachDisk(disk: PlannedDisk): Promise<void>;
  detachDisk(volume: string): Promise<void>;
  /**
   * The volume has grown to this many bytes. A guest with a virtio disk is told at once; NVMe as QEMU emulates it, and a file of User-mode Linux, have
   * one size for as long as they are plugged in, so such a guest sees it when it starts or is given the disk anew.
   */
  growDisk(volume: string, sizeBytes: number): Promise<void>;
  attachInterface(nic: PlannedInterface): Promise<void>;
  detachInterface(id: string): Promise<void>;
  /** Looks for so long at what the engine does for its guest. The guest goes on, a little slower. */
  inspect(sampleMs: number): Promise<Inspection>;
  /** Gives up control of the process without ending it: the agent is leaving. */
  release(): Promise<void>;
}

export interface MachinePlan {
  /** The instance id; the guest sees it as its asset tag where the engine has DMI. */
  readonly id: string;
  /** For sockets and process ids; short enough for a Unix socket's name; owned by `user`; empty before the first start. */
  readonly runDirectory: string;
  /** Serial output is appended here. */
  readonly consoleFile: string;
  /** The unprivileged user that the engine's process runs as. Absent: as the agent (only without root). */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** The guest sees it as the name of the product where the engine has DMI. */
  readonly instanceType?: string;
  /** Of the guest's processor; absent: x86_64. */
  readonly architecture?: "arm64";
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Boot this kernel instead of the disk's own boot loader (paravirtual; probes). */
  readonly kernel?: { readonly file: string; readonly initrd?: string; readonly commandLine: string };
  readonly disks: readonly PlannedDisk[];
  readonly interfaces: readonly PlannedInterface[];
  /** PCI addresses of devices of the host that the guest has alone; the user may open their IOMMU groups' devices. Absent: none. */
  readonly accelerators?: readonly string[];
  /** What a guest under QEMU sees: NVMe disks on Nitro types; on others virtio ones in slots (`slot-disks.ts`), `virtio` for QEMU's own: of probes, and of earlier versions. */
  readonly diskBus: "nvme" | "slots" | "virtio";
}

export interface PlannedDisk {
  /** `vol-…` or `ephemeralN`. */
  readonly volume: string;
  /** As requested: `/dev/xvda`. */
  readonly device: string;
  readonly root: boolean;
  readonly source:
    /** `socket`: the same by vhost-user, where the storage node is on this machine. */
    | { readonly kind: "nbd"; readonly address: string; readonly port: number; readonly exportName: string; readonly socket?: string }
    | { readonly kind: "file"; readonly path: string; readonly format: "raw" | "qcow2" }
    /** An NVMe controller's function at that PCI address, which the user may open, for KVM's guests; plugged in for as long as the guest runs. */
    | { readonly kind: "function"; readonly address: string };
}

export interface PlannedInterface {
  readonly id: string;
  readonly mac: string;
  /** An existing tap device in the network namespace that the agent runs in, owned by `user`. */
  readonly tap: string;
  /** Bytes of the largest packet, for a guest that cannot be told later; absent: 1500. */
  readonly mtu?: number;
  /** The PCI address of a function of the host's network card that the guest has instead; the user may open its IOMMU group's device. */
  readonly cardFunction?: string;
  /** The guest finds an Intel 82540EM, where the engine plays such; absent: a device for virtual machines. */
  readonly emulatedCard?: true;
}
