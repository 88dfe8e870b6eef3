/**
 * What a host has found out: facts, not opinions. A report names the generation and run that it speaks of, so that the control
 * plane can set aside one that speaks of the past.
 */
import type { InstanceId, SnapshotId, VolumeId, VpcId } from "../../base/ids.ts";
import type { CreditReport } from "./processor.ts";
import type { Virtualization } from "./specification.ts";

export type Report = StateReport | CreditReport;
/** How far a thing has come; the newest one holds. */
export type StateReport = MachineReport | VolumeReport | VpcReport;

/**
 * `preparing`: disks, interfaces and engine are being made ready. `running`: the engine runs. `stopping`: the guest was asked to
 * shut down. `stopped`: no engine runs; `cause` says why. `absent`: nothing of it is left. `failed`: cannot be started as asked.
 */
export type MachineState = "preparing" | "running" | "stopping" | "stopped" | "absent" | "failed";

/** Why a run ended: as asked, by the guest's own shutdown, or because the engine died. */
export type EndCause = "requested" | "guest" | "engine";

export interface MachineReport {
  readonly kind: "machine";
  readonly id: InstanceId;
  readonly generation: number;
  readonly run: number;
  readonly state: MachineState;
  readonly cause?: EndCause;
  /** One sentence for the user, with `failed` and with a `stopped` whose cause is the engine. */
  readonly reason?: string;
  /** How many API reboots were honoured in all. */
  readonly reboots: number;
  /** Milliseconds since 1970; when the current or last run's engine was started. */
  readonly startedAt?: number;
  /** The guest's system has come as far as to ask for its metadata in this run; only while `running`. */
  readonly reached?: true;
  /** Whether it still answers on its first interface; absent: nothing else is known than before, and at first that it does. Only with `reached`. */
  readonly answers?: boolean;
  /** Every volume that the guest has, or was to get and could not; only while `running`. */
  readonly disks?: readonly DiskReport[];
  /** The generation of the newest specification that the host has taken, whether or not all of it is true yet; only while `running`. */
  readonly accepted?: number;
}

/** `attached`: the guest has it. `busy`: the guest was asked to give it back and still holds it. `failed`: it could not be plugged in. */
export interface DiskReport {
  readonly volume: VolumeId;
  /** The attachment, by its export's name. */
  readonly exportName: string;
  readonly state: "attached" | "busy" | "failed";
}

export interface VolumeReport {
  readonly kind: "volume";
  readonly id: VolumeId;
  readonly generation: number;
  /** `available`: the file exists and, if the specification names an export, is exported. */
  readonly state: "creating" | "available" | "absent" | "failed";
  readonly reason?: string;
  /** What is true of an available volume beyond that. */
  readonly condition?: VolumeCondition;
  /** The newest state of each snapshot that the specification names. */
  readonly snapshots?: readonly SnapshotReport[];
}

export interface VolumeCondition {
  /** The size that the volume has reached; the specification's may be larger for a moment. */
  readonly sizeGib: number;
  /** Of the source snapshot's blocks, how many are here, 0 to 100; absent: it has no source snapshot, or all are here. */
  readonly initializedPercent?: number;
  /** Why reading or writing is not possible now; it goes on by itself when the cause is gone. */
  readonly impairment?: { readonly kind: "no-space" | "corrupt-block"; readonly detail: string };
}

/** `frozen`: the moment is fixed, later writes are not in it. `completed`: every block is in the store, durable. */
export interface SnapshotReport {
  readonly id: SnapshotId;
  readonly state: "frozen" | "completed" | "failed";
  /** 0 to 100. */
  readonly percent: number;
  readonly reason?: string;
  /** With `completed`: how many blocks the snapshot has, and how many of them were not in the store before. */
  readonly blocks?: { readonly total: number; readonly moved: number };
}

/** Why an engine does not work yet that may work soon. */
export const stillTried = "it is still being tried";

/** Whether one kind of virtualization works on a host, found out by booting a guest, not by looking for a device file. */
export interface EngineAvailability {
  readonly works: boolean;
  /** `qemu-kvm`, `qemu-tcg`, `qemu-arm64`, `user-mode-linux` or `simulated`. */
  readonly engine: string;
  /** Why not, or what to know. */
  readonly reason?: string;
  /** From engine start to the guest's first user process, in the probe. */
  readonly bootMs?: number;
}

export interface CardDescription {
  /** Its network device, or the name of an NVMe controller, as the host calls it. */
  readonly device: string;
  /** How many virtual functions guests can have. */
  readonly functions: number;
  /** Of an NVMe controller: the sizes of the local disks that it has for guests. */
  readonly disksGib?: readonly number[];
  /** Why none. */
  readonly reason?: string;
}

/** Of the whole machine, shared by all hosts on it. */
export interface MachineDescription {
  readonly cpus: number;
  readonly memoryMib: number;
  readonly cpuModel: string;
  readonly kernel: string;
  /** For local disks: what is free where they lie, and what they take there; absent: without a limit that is known. */
  readonly diskGib?: number;
  /** Of its network cards together, as they have agreed with the other end of their cables; absent: not known. */
  readonly networkMbps?: number;
}

/** Devices of one model. */
export interface AcceleratorDescription {
  /** `10de:1eb8`: vendor and device, as PCI numbers them. */
  readonly model: string;
  /** How many guests can have, each for one alone. */
  readonly count: number;
  /** Why others cannot be had. */
  readonly reason?: string;
}

/** What a host says of itself when its agent starts. */
export interface HostDescription {
  readonly version: string;
  readonly engines: Readonly<Record<Virtualization, EngineAvailability>>;
  /** Emulation of machines of arm64; absent: none. */
  readonly arm64?: EngineAvailability;
  /** The network cards and NVMe controllers of its own that can split themselves (SR-IOV); absent: none. */
  readonly cards?: readonly CardDescription[];
  /** The machine's devices beside its processors that are this host's; absent: none. */
  readonly accelerators?: readonly AcceleratorDescription[];
  /** The largest packets inside VPCs that its way to other hosts has room for; absent: as large as they may be. */
  readonly mtu?: number;
  /** It is a namespace of the installation's own machine, on that machine's switch. */
  readonly isOnSwitch?: true;
  readonly machine: MachineDescription;
}

/** `applied`: the host's packets go as the specification of this generation says. */
export interface VpcReport {
  readonly kind: "vpc";
  readonly id: VpcId;
  readonly generation: number;
  readonly state: "applied" | "absent" | "failed";
  readonly reason?: string;
}
