/** What a row of the table of families says: the families that share it, their processor, their sizes, and the traits of their lineage. */
import type { AcceleratorKind, Support } from "./instance-type.ts";
import type { Processor } from "./processors.ts";

/** A device that all sizes of a family have, each size so many. */
export interface AcceleratorModel {
  readonly kind: AcceleratorKind;
  readonly name: string;
  readonly manufacturer: string;
  /** MiB on each; a size may say otherwise. */
  readonly memoryMib?: number;
  /** Cores of a Neuron device, and their version. */
  readonly cores?: { readonly count: number; readonly version: number };
}

/** What follows from the machines that a family runs on, not from its size. */
export interface Traits {
  readonly hypervisor: "xen" | "nitro";
  readonly paravirtual: boolean;
  readonly instanceStoreRoots: boolean;
  readonly ipv6: boolean;
  readonly ena: Support;
  /** Enhanced networking by the virtual function of an Intel 82599, from before the Elastic Network Adapter. */
  readonly intelVf: boolean;
  readonly clusterPlacement: boolean;
  /** Queues of an interface: eight, or one a vCPU where there are fewer. */
  readonly enaQueues: "eight" | "one a vCPU";
  readonly flexibleEnaQueues: boolean;
  /** ENA Express from this many vCPUs on. */
  readonly enaSrdFromVcpus?: number;
  readonly dedicatedHosts: boolean;
  readonly autoRecovery: boolean;
  readonly hibernation: boolean;
  readonly uefi: boolean;
  readonly nitroTpm: boolean;
  readonly enclaves: boolean;
  readonly encryptionInTransit: boolean;
  /** EBS volumes of a Xen instance, or who shares a Nitro instance's places for devices. */
  readonly attachments: "xen 39" | "xen 40" | "shared" | "dedicated";
  /** The ladder of interfaces: `wide` since the machines of 2025. */
  readonly interfaces: "usual" | "wide";
  /** The numbers of cores that CpuOptions accepts. */
  readonly cores: "every" | "even" | "eighths" | "sixths" | "none";
  readonly precisionClock: boolean;
  /** Seconds after which an idle established TCP connection is forgotten. */
  readonly tcpTimeoutSeconds: 432_000 | 350;
  readonly bandwidthWeightings: boolean;
  readonly features: readonly string[];
  readonly usageClasses: readonly ("on-demand" | "spot" | "capacity-block")[];
}

export interface FamilyRow {
  /** Families that differ in their series' memory ratio at most, one word each. */
  readonly families: string;
  readonly processor: Processor;
  readonly traits: Traits;
  /** In the notation of `size-table.ts`. */
  readonly sizes: string;
  /** In the same file's notation of disks. */
  readonly disks?: string;
  readonly diskType?: "hdd" | "ssd";
  /** Local disks with NVMe on a Xen machine: the last of them had it. */
  readonly nvmeDisks?: true;
  /** Where the series' letter does not give it: C 2, M 4, R 8, X 16. */
  readonly gibPerVcpu?: number;
  /** Those of `families` that EC2 counts as of a previous generation. */
  readonly previous?: string;
  readonly accelerator?: AcceleratorModel;
  /** What of the row no published table of EC2 confirms. */
  readonly approximate?: string;
}

const xen: Traits = {
  hypervisor: "xen",
  paravirtual: false,
  instanceStoreRoots: false,
  ipv6: true,
  ena: "unsupported",
  intelVf: false,
  clusterPlacement: true,
  enaQueues: "eight",
  flexibleEnaQueues: false,
  dedicatedHosts: true,
  autoRecovery: true,
  hibernation: false,
  uefi: false,
  nitroTpm: false,
  enclaves: false,
  encryptionInTransit: false,
  attachments: "xen 40",
  interfaces: "usual",
  cores: "even",
  precisionClock: false,
  tcpTimeoutSeconds: 432_000,
  bandwidthWeightings: false,
  features: [],
  usageClasses: ["on-demand", "spot"],
};

/** The first types: paravirtual AMIs and roots in the instance store, nothing of what came later. */
const firstXen: Traits = {
  ...xen,
  paravirtual: true,
  instanceStoreRoots: true,
  ipv6: false,
  clusterPlacement: false,
  enaQueues: "one a vCPU",
  dedicatedHosts: false,
  autoRecovery: false,
  attachments: "xen 39",
  cores: "none",
};

const nitro: Traits = { ...xen, hypervisor: "nitro", ena: "required", uefi: true, nitroTpm: true, enclaves: true, attachments: "shared" };
const nitro5: Traits = { ...nitro, hibernation: true };
/** Since 2020 packets between instances are encrypted by the machine. */
const nitro6: Traits = { ...nitro5, encryptionInTransit: true };
const nitro7: Traits = { ...nitro6, enaQueues: "one a vCPU", attachments: "dedicated", cores: "every", precisionClock: true, enaSrdFromVcpus: 48 };
const nitro8: Traits = { ...nitro7, flexibleEnaQueues: true, tcpTimeoutSeconds: 350, enaSrdFromVcpus: 96, bandwidthWeightings: true };

export const lineages = {
  xen,
  firstXen,
  /** Xen with local disks, whose HVM instances can have an Intel 82599's virtual function. */
  xenVf: { ...xen, intelVf: true, instanceStoreRoots: true, attachments: "xen 39" },
  xenEna: { ...xen, ena: "supported" },
  nitro,
  nitro5,
  nitro6,
  nitro6n: { ...nitro6, enaQueues: "one a vCPU", flexibleEnaQueues: true, cores: "every", enaSrdFromVcpus: 32 },
  nitro7,
  nitro8,
  /** The network- and EBS-optimised machines of the 8th generation. */
  nitro8n: { ...nitro8, precisionClock: false, bandwidthWeightings: false, enaSrdFromVcpus: 32 },
  /** Intel's and AMD's 8th generation. */
  nitro8wide: { ...nitro8, interfaces: "wide" },
  /** Accelerators are not hibernated and not on Dedicated Hosts. */
  accelerated: { ...nitro, encryptionInTransit: true, dedicatedHosts: false },
  /** High-performance computing: one tenant, no burst of anything. */
  hpc: { ...nitro, encryptionInTransit: true, dedicatedHosts: false, autoRecovery: false, cores: "none", usageClasses: ["on-demand"] },
} as const satisfies Readonly<Record<string, Traits>>;
