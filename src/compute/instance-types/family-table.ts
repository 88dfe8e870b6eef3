/**
 * The families of instance types as a table: what all sizes of a family share, and each size's own figures. A family of a
 * lineage that exists is one row; `catalogue.ts` derives the rest by the lineage's rules. Facts §3.3, §3.5, §3.6, §3.7.
 */
import type { Architecture } from "./instance-type.ts";

/** `previous` is the Xen era with instance store and paravirtual AMIs; `nitro` everything since 2017. */
export type Lineage = "previous" | "nitro";

/** Baseline and maximum Mbit/s, baseline and maximum IOPS. */
export type EbsCell = readonly [baselineMbps: number, maximumMbps: number, baselineIops: number, maximumIops: number];
/** EC2's words, baseline and peak Gbit/s. */
export type NetworkCell = readonly [text: string, baselineGbps: number, peakGbps: number];
/** Interfaces, and addresses on each. */
export type InterfaceCell = readonly [interfaces: number, addressesEach: number];
/** Disks, and the size of each in GB. */
export type DiskCell = readonly [count: number, sizeGb: number];

export interface SizeRow {
  readonly vcpus: number;
  readonly network: NetworkCell;
  readonly ebs?: EbsCell;
  /** Where the family's rule does not give it. */
  readonly memoryMib?: number;
  readonly interfaces?: InterfaceCell;
  readonly clockGhz?: number;
  readonly creditsPerHour?: number;
  readonly architectures?: readonly Architecture[];
  readonly dedicatedHosts?: boolean;
  /** The smallest number of cores that CpuOptions accepts. */
  readonly coresFrom?: number;
}

export interface FamilyRow {
  readonly family: string;
  readonly lineage: Lineage;
  readonly currentGeneration: boolean;
  readonly manufacturer: string;
  readonly clockGhz?: number;
  readonly threadsPerCore: 1 | 2;
  readonly gibPerVcpu: number;
  readonly sizes: Readonly<Record<string, SizeRow>>;
  readonly disks?: Readonly<Record<string, DiskCell>>;
  readonly diskType?: "hdd" | "ssd";
  readonly ipv6: boolean;
  readonly clusterPlacement: boolean;
  /** Queues of an interface: eight, or one a vCPU where there are fewer. */
  readonly enaQueues: "eight" | "one a vCPU";
  /** Hibernation, dedicated hosts and automatic recovery, which the oldest types lack. */
  readonly modernLifecycle: boolean;
}

const upTo10: Readonly<Record<string, NetworkCell>> = {
  large: ["Up to 10 Gigabit", 0.75, 10],
  xlarge: ["Up to 10 Gigabit", 1.25, 10],
  "2xlarge": ["Up to 10 Gigabit", 2.5, 10],
  "4xlarge": ["Up to 10 Gigabit", 5, 10],
};

function gigabit(speed: number): NetworkCell {
  return [`${speed} Gigabit`, speed, speed];
}

/** m5, r5 and their variants with local disks. */
const sizesOfM5: Readonly<Record<string, SizeRow>> = {
  large: { vcpus: 2, network: cell(upTo10, "large"), ebs: [650, 4750, 3600, 18_750] },
  xlarge: { vcpus: 4, network: cell(upTo10, "xlarge"), ebs: [1150, 4750, 6000, 18_750] },
  "2xlarge": { vcpus: 8, network: cell(upTo10, "2xlarge"), ebs: [2300, 4750, 12_000, 18_750] },
  "4xlarge": { vcpus: 16, network: cell(upTo10, "4xlarge"), ebs: [4750, 4750, 18_750, 18_750] },
  "8xlarge": { vcpus: 32, network: gigabit(10), ebs: [6800, 6800, 30_000, 30_000] },
  "12xlarge": { vcpus: 48, network: gigabit(12), ebs: [9500, 9500, 40_000, 40_000] },
  "16xlarge": { vcpus: 64, network: gigabit(20), ebs: [13_600, 13_600, 60_000, 60_000] },
  "24xlarge": { vcpus: 96, network: gigabit(25), ebs: [19_000, 19_000, 80_000, 80_000], coresFrom: 4 },
  metal: { vcpus: 96, network: gigabit(25), ebs: [19_000, 19_000, 80_000, 80_000] },
};

/** These run on a later processor than the rest of c5. */
const laterC5 = { clockGhz: 3.6 };

const sizesOfC5: Readonly<Record<string, SizeRow>> = {
  large: { vcpus: 2, network: cell(upTo10, "large"), ebs: [650, 4750, 4000, 20_000] },
  xlarge: { vcpus: 4, network: cell(upTo10, "xlarge"), ebs: [1150, 4750, 6000, 20_000] },
  "2xlarge": { vcpus: 8, network: cell(upTo10, "2xlarge"), ebs: [2300, 4750, 10_000, 20_000] },
  "4xlarge": { vcpus: 16, network: cell(upTo10, "4xlarge"), ebs: [4750, 4750, 20_000, 20_000] },
  "9xlarge": { vcpus: 36, network: gigabit(12), ebs: [9500, 9500, 40_000, 40_000] },
  "12xlarge": { vcpus: 48, network: gigabit(12), ebs: [9500, 9500, 40_000, 40_000], ...laterC5 },
  "18xlarge": { vcpus: 72, network: gigabit(25), ebs: [19_000, 19_000, 80_000, 80_000], coresFrom: 4 },
  "24xlarge": { vcpus: 96, network: gigabit(25), ebs: [19_000, 19_000, 80_000, 80_000], ...laterC5, dedicatedHosts: false },
  metal: { vcpus: 96, network: gigabit(25), ebs: [19_000, 19_000, 80_000, 80_000], ...laterC5, dedicatedHosts: false },
};

function upTo5(baselineGbps: number): NetworkCell {
  return ["Up to 5 Gigabit", baselineGbps, 5];
}

const sizesOfT3: Readonly<Record<string, SizeRow>> = {
  nano: { vcpus: 2, memoryMib: 512, network: upTo5(0.032), interfaces: [2, 2], ebs: [43, 2085, 250, 11_800], creditsPerHour: 6 },
  micro: { vcpus: 2, memoryMib: 1024, network: upTo5(0.064), interfaces: [2, 2], ebs: [87, 2085, 500, 11_800], creditsPerHour: 12 },
  small: { vcpus: 2, memoryMib: 2048, network: upTo5(0.128), interfaces: [3, 4], ebs: [174, 2085, 1000, 11_800], creditsPerHour: 24 },
  medium: { vcpus: 2, memoryMib: 4096, network: upTo5(0.256), interfaces: [3, 6], ebs: [347, 2085, 2000, 11_800], creditsPerHour: 24 },
  large: { vcpus: 2, memoryMib: 8192, network: upTo5(0.512), interfaces: [3, 12], ebs: [695, 2780, 4000, 15_700], creditsPerHour: 36 },
  xlarge: { vcpus: 4, memoryMib: 16_384, network: upTo5(1.024), ebs: [695, 2780, 4000, 15_700], creditsPerHour: 96 },
  "2xlarge": { vcpus: 8, memoryMib: 32_768, network: upTo5(2.048), ebs: [695, 2780, 4000, 15_700], creditsPerHour: 192 },
};

const i386Too: readonly Architecture[] = ["i386", "x86_64"];

const sizesOfM1: Readonly<Record<string, SizeRow>> = {
  small: { vcpus: 1, memoryMib: 1740, network: ["Low", 0.3, 1.2], interfaces: [2, 4], architectures: i386Too },
  medium: { vcpus: 1, memoryMib: 3788, network: ["Moderate", 0.3, 1.2], interfaces: [2, 6], architectures: i386Too },
  large: { vcpus: 2, network: ["Moderate", 0.7, 2.8], ebs: [500, 500, 4000, 4000] },
  xlarge: { vcpus: 4, network: ["High", 1, 10], ebs: [1000, 1000, 8000, 8000] },
};

const sizesOfM3: Readonly<Record<string, SizeRow>> = {
  medium: { vcpus: 1, network: ["Moderate", 0.3, 1.2], interfaces: [2, 6] },
  large: { vcpus: 2, network: ["Moderate", 0.7, 2.8] },
  xlarge: { vcpus: 4, network: ["High", 1, 10], ebs: [500, 500, 4000, 4000] },
  "2xlarge": { vcpus: 8, network: ["High", 1, 10], interfaces: [4, 30], ebs: [1000, 1000, 8000, 8000] },
};

const sizesOfC3: Readonly<Record<string, SizeRow>> = {
  large: { vcpus: 2, network: ["Moderate", 0.5, 1.2], architectures: i386Too },
  xlarge: { vcpus: 4, network: ["Moderate", 0.7, 10], ebs: [500, 500, 4000, 4000] },
  "2xlarge": { vcpus: 8, network: ["High", 1, 10], ebs: [1000, 1000, 8000, 8000] },
  "4xlarge": { vcpus: 16, network: ["High", 2, 10], ebs: [2000, 2000, 16_000, 16_000] },
  "8xlarge": { vcpus: 32, network: ["10 Gigabit", 5, 10] },
};

const disksOfM5d: Readonly<Record<string, DiskCell>> = {
  large: [1, 75],
  xlarge: [1, 150],
  "2xlarge": [1, 300],
  "4xlarge": [2, 300],
  "8xlarge": [2, 600],
  "12xlarge": [2, 900],
  "16xlarge": [4, 600],
  "24xlarge": [4, 900],
  metal: [4, 900],
};

const nitro5 = { lineage: "nitro", manufacturer: "Intel", threadsPerCore: 2, ipv6: true, clusterPlacement: true, enaQueues: "eight", modernLifecycle: true } as const; // keeps the literals
const previous = { lineage: "previous", currentGeneration: false, manufacturer: "Intel", enaQueues: "one a vCPU" } as const; // keeps the literals

export const families: readonly FamilyRow[] = [
  { ...nitro5, family: "t3", currentGeneration: true, clockGhz: 2.5, gibPerVcpu: 4, sizes: sizesOfT3, clusterPlacement: false, enaQueues: "one a vCPU" },
  { ...nitro5, family: "m5", currentGeneration: false, clockGhz: 3.1, gibPerVcpu: 4, sizes: sizesOfM5 },
  { ...nitro5, family: "m5d", currentGeneration: true, clockGhz: 3.1, gibPerVcpu: 4, sizes: sizesOfM5, disks: disksOfM5d },
  { ...nitro5, family: "c5", currentGeneration: false, clockGhz: 3.4, gibPerVcpu: 2, sizes: sizesOfC5 },
  { ...nitro5, family: "r5", currentGeneration: false, clockGhz: 3.1, gibPerVcpu: 8, sizes: sizesOfM5 },
  {
    ...previous,
    family: "m1",
    threadsPerCore: 1,
    gibPerVcpu: 3.75,
    sizes: sizesOfM1,
    disks: { small: [1, 160], medium: [1, 410], large: [2, 420], xlarge: [4, 420] },
    diskType: "hdd",
    ipv6: false,
    clusterPlacement: false,
    modernLifecycle: false,
  },
  {
    ...previous,
    family: "m3",
    clockGhz: 2.5,
    threadsPerCore: 2,
    gibPerVcpu: 3.75,
    sizes: sizesOfM3,
    disks: { medium: [1, 4], large: [1, 32], xlarge: [2, 40], "2xlarge": [2, 80] },
    ipv6: false,
    clusterPlacement: false,
    modernLifecycle: true,
  },
  {
    ...previous,
    family: "c3",
    clockGhz: 2.8,
    threadsPerCore: 2,
    gibPerVcpu: 1.875,
    sizes: sizesOfC3,
    disks: { large: [2, 16], xlarge: [2, 40], "2xlarge": [2, 80], "4xlarge": [2, 160], "8xlarge": [2, 320] },
    ipv6: true,
    clusterPlacement: true,
    enaQueues: "eight",
    modernLifecycle: true,
  },
];

function cell(cells: Readonly<Record<string, NetworkCell>>, size: string): NetworkCell {
  const found = cells[size];
  if (found === undefined) throw new RangeError(`the table has no cell for ${size}`);
  return found;
}
