/**
 * What one instance type is: the figures that placement, hosts and DescribeInstanceTypes need. Our own type, so that nothing
 * but the view depends on the SDK's. Facts §3.2.
 */

export type Architecture = "i386" | "x86_64" | "arm64" | "x86_64_mac" | "arm64_mac";
export type Virtualization = "hvm" | "paravirtual";
export type Support = "unsupported" | "supported" | "required";

/** `partial gpu` is a share of one that others have the rest of; `neuron` are AWS's own devices for training and inference. */
export type AcceleratorKind = "gpu" | "partial gpu" | "fpga" | "media" | "neuron";

export interface InstanceType {
  /** `m5.large`. */
  readonly name: string;
  readonly family: string;
  readonly size: string;
  readonly currentGeneration: boolean;
  readonly freeTierEligible: boolean;
  /** Absent on bare metal. */
  readonly hypervisor?: "nitro" | "xen";
  readonly bareMetal: boolean;
  readonly virtualizations: readonly Virtualization[];
  readonly architectures: readonly Architecture[];
  readonly manufacturer: string;
  /** For people: `AWS Graviton3`. */
  readonly processor: string;
  readonly processorFeatures: readonly string[];
  readonly clockGhz?: number;
  readonly vcpus: number;
  readonly cores: number;
  readonly threadsPerCore: number;
  /** The CpuOptions that a launch may ask for; absent where the type offers none. */
  readonly validCores?: readonly number[];
  readonly memoryMib: number;
  readonly instanceStore?: InstanceStore;
  readonly network: NetworkFigures;
  readonly ebs: EbsFigures;
  readonly accelerators?: Accelerators;
  readonly burstable?: BurstableFigures;
  readonly usageClasses: readonly ("on-demand" | "spot" | "capacity-block")[];
  readonly rootDeviceTypes: readonly ("ebs" | "instance-store")[];
  readonly bootModes: readonly ("legacy-bios" | "uefi")[];
  readonly placementStrategies: readonly ("cluster" | "partition" | "spread")[];
  readonly hibernation: boolean;
  readonly dedicatedHosts: boolean;
  readonly autoRecovery: boolean;
  readonly rebootMigration: boolean;
  readonly nitroEnclaves: boolean;
  readonly nitroTpm: boolean;
  /** The machine's precise clock is a device of the guest. */
  readonly precisionClock: boolean;
}

/** Devices beside the processor, all of one kind. */
export interface Accelerators {
  readonly kind: AcceleratorKind;
  readonly name: string;
  readonly manufacturer: string;
  readonly count: number;
  /** MiB on each. */
  readonly memoryMib: number;
  /** Of each Neuron device. */
  readonly cores?: { readonly count: number; readonly version: number };
}

export interface InstanceStore {
  readonly diskCount: number;
  readonly diskSizeGb: number;
  readonly diskType: "hdd" | "ssd";
  readonly nvme: Support;
  readonly encryption: "unsupported" | "required";
}

export interface NetworkFigures {
  /** EC2's words: `Up to 5 Gigabit`. */
  readonly text: string;
  /** Of all cards together. */
  readonly baselineGbps: number;
  readonly peakGbps: number;
  readonly cards: number;
  /** On all cards together. */
  readonly maxInterfaces: number;
  readonly ipv4PerInterface: number;
  /** 0 where the type has no IPv6. */
  readonly ipv6PerInterface: number;
  readonly ena: Support;
  readonly enaQueuesPerInterface: number;
  readonly flexibleEnaQueues: boolean;
  /** ENA Express. */
  readonly enaSrd: boolean;
  /** Enhanced networking by an Intel 82599's virtual function: `sriovNetSupport`. */
  readonly intelVf: boolean;
  /** 0 where no interface can be an Elastic Fabric Adapter. */
  readonly efaInterfaces: number;
  readonly encryptionInTransit: boolean;
  readonly tcpTimeoutSeconds: number;
  readonly bandwidthWeightings: boolean;
}

export interface EbsFigures {
  readonly optimized: "unsupported" | "supported" | "default";
  readonly nvme: Support;
  readonly maxAttachments: number;
  readonly attachmentLimit: "shared" | "dedicated";
  /** Absent where the type is never EBS-optimised. */
  readonly bandwidth?: EbsBandwidth;
}

export interface EbsBandwidth {
  readonly baselineMbps: number;
  readonly maximumMbps: number;
  readonly baselineIops: number;
  readonly maximumIops: number;
}

/** CPU credits: one is a vCPU at 100 % for a minute; the balance grows to 24 hours of earning. Facts §3.7. */
export interface BurstableFigures {
  readonly creditsPerHour: number;
  readonly maximumCredits: number;
  readonly baselinePercentPerVcpu: number;
}
