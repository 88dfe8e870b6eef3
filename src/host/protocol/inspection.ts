/**
 * What becomes of a guest's privileged operations on its host, over a stretch of time, and what its devices are (facts §6): real figures of the engine, the
 * kernel and the processes, or the reason why there is none.
 */
import type { Virtualization } from "./specification.ts";

export interface Inspection {
  readonly id: string;
  readonly virtualization: Virtualization;
  /** `qemu-tcg`, `qemu-kvm`, `user-mode-linux`, `simulated`. */
  readonly engine: string;
  readonly pid: number;
  /** Rates are of this stretch. */
  readonly sampledMs: number;
  readonly process: ProcessFigures;
  readonly devices: readonly InspectedDevice[];
  readonly privileged: PrivilegedOperations;
  /** What cannot be shown here, and why. */
  readonly absent: readonly { readonly what: string; readonly why: string }[];
}

export interface ProcessFigures {
  /** Processors in use: by the engine's own code and what it runs, and by the host's kernel for it. */
  readonly userProcessors: number;
  readonly kernelProcessors: number;
  /** Processors that it was ready to use and did not get: the guest's steal time. */
  readonly waitedProcessors: number;
  readonly threads: number;
  readonly residentBytes: number;
  /** Of these, what other processes have in common with it. */
  readonly sharedBytes: number;
}

/** `emulated`: a device that exists as hardware, played by the engine. `paravirtual`: one that the guest knows to be none. `virtual-function`: a part of the host's own card. */
export interface InspectedDevice {
  readonly id: string;
  readonly kind: "emulated" | "paravirtual" | "virtual-function" | "passed-through";
  /** What the guest finds. */
  readonly model: string;
  /** Where its data go. */
  readonly path: string;
}

export type PrivilegedOperations = TranslatedOperations | HostCalls | ProcessorExits | { readonly how: "none" };

/** Emulation: every instruction is translated before it runs, and what is privileged becomes a call of the engine. */
export interface TranslatedOperations {
  readonly how: "translated";
  readonly blocks: number;
  readonly blocksPerSecond: number;
  readonly cacheBytes: number;
  readonly cacheLimitBytes: number;
  /** Bytes of host code for a byte of guest code. */
  readonly expansion: number;
  readonly invalidatedPerSecond: number;
  /** A block that was translated while we looked. */
  readonly sample?: TranslatedBlock;
}

export interface TranslatedBlock {
  readonly guest: readonly GuestInstruction[];
  readonly intermediate: readonly string[];
  readonly host: readonly string[];
}

export interface GuestInstruction {
  readonly text: string;
  readonly privileged: boolean;
}

/** Paravirtualization: the guest's kernel asks the host's instead. */
export interface HostCalls {
  readonly how: "called";
  /** `counted`: every call; `sampled`: shares of some hundred looks. */
  readonly source: "counted" | "sampled";
  readonly calls: readonly { readonly name: string; readonly perSecond: number }[];
  /** Processes of the host that are processes of the guest. */
  readonly guestProcesses: number;
}

/** Hardware assistance: the processor runs the guest's instructions and leaves it for the hypervisor where it must. */
export interface ProcessorExits {
  readonly how: "trapped";
  /** Why the processor left the guest, as the kernel's events say. The frequent ones first, here and below. */
  readonly reasons: readonly { readonly reason: string; readonly perSecond: number }[];
  /** KVM's own counters of exits, and of what it did at them, by KVM's names; `count` is since the guest's start. */
  readonly counters: readonly { readonly name: string; readonly count: number; readonly perSecond: number }[];
  /** Processors in use by the guest's own instructions, and by KVM and the engine for it. */
  readonly guestProcessors: number;
  readonly hypervisorProcessors: number;
}
