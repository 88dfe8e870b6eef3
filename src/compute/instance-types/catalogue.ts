/** The catalogue of instance types, derived once from the table of families by the rules that EC2's own figures follow. */
import { invalidInstanceTypeAtLaunch } from "../../base/api-error.ts";
import { families, type FamilyRow, type InterfaceCell, type SizeRow } from "./family-table.ts";
import type { BurstableFigures, EbsFigures, InstanceStore, InstanceType, NetworkFigures } from "./instance-type.ts";

const freeTier = new Set(["t3.micro", "t3.small"]);

/** RAM is written to the root volume, so EC2 sets a bound (facts §1.12). */
const maxHibernationMib = 150 * 1024;

const types: readonly InstanceType[] = families.flatMap((row) => Object.entries(row.sizes).map(([size, sizeRow]) => toInstanceType(row, size, sizeRow)));
const byName = new Map(types.map((type) => [type.name, type]));

export function findInstanceType(name: string): InstanceType | undefined {
  return byName.get(name);
}

/** The type that a launch or a row names; EC2's error for a launch where there is none. */
export function requireInstanceType(name: string): InstanceType {
  const type = byName.get(name);
  if (type === undefined) throw invalidInstanceTypeAtLaunch(name);
  return type;
}

/** Family by family, each from small to large. */
export function listInstanceTypes(): readonly InstanceType[] {
  return types;
}

function toInstanceType(row: FamilyRow, size: string, sizeRow: SizeRow): InstanceType {
  const { family, lineage } = row;
  const name = `${family}.${size}`;
  const bareMetal = size.startsWith("metal");
  const nitro = lineage === "nitro";
  const memoryMib = sizeRow.memoryMib ?? sizeRow.vcpus * row.gibPerVcpu * 1024;
  const clockGhz = sizeRow.clockGhz ?? row.clockGhz;
  return {
    name,
    family,
    size,
    currentGeneration: row.currentGeneration,
    freeTierEligible: freeTier.has(name),
    ...(bareMetal ? {} : { hypervisor: nitro ? "nitro" : "xen" }),
    bareMetal,
    virtualizations: nitro ? ["hvm"] : ["hvm", "paravirtual"],
    architectures: sizeRow.architectures ?? ["x86_64"],
    manufacturer: row.manufacturer,
    ...(clockGhz === undefined ? {} : { clockGhz }),
    ...processors(row, sizeRow, bareMetal),
    memoryMib,
    ...instanceStoreOf(row, size),
    network: networkOf(row, sizeRow),
    ebs: ebsOf(row, size, sizeRow, bareMetal),
    ...burstableOf(sizeRow),
    rootDeviceTypes: nitro ? ["ebs"] : ["ebs", "instance-store"],
    bootModes: nitro && !bareMetal ? ["legacy-bios", "uefi"] : ["legacy-bios"],
    placementStrategies: row.clusterPlacement ? ["cluster", "partition", "spread"] : ["partition", "spread"],
    hibernation: row.modernLifecycle && !bareMetal && memoryMib < maxHibernationMib,
    dedicatedHosts: row.modernLifecycle && (sizeRow.dedicatedHosts ?? true),
    autoRecovery: row.modernLifecycle && !(nitro && row.disks !== undefined),
    rebootMigration: nitro && row.disks === undefined,
    nitroEnclaves: nitro && !bareMetal && sizeRow.vcpus >= 4 && sizeRow.creditsPerHour === undefined,
    nitroTpm: nitro && !bareMetal,
  };
}

function processors(row: FamilyRow, sizeRow: SizeRow, bareMetal: boolean): Pick<InstanceType, "vcpus" | "cores" | "threadsPerCore" | "validCores"> {
  const { vcpus } = sizeRow;
  const threadsPerCore = vcpus === 1 ? 1 : row.threadsPerCore;
  const cores = vcpus / threadsPerCore;
  const fixed = bareMetal || threadsPerCore === 1;
  return { vcpus, cores, threadsPerCore, ...(fixed ? {} : { validCores: validCores(row, cores, sizeRow.coresFrom) }) };
}

/** Even numbers of cores; small Xen types take odd ones as well. */
function validCores({ lineage }: FamilyRow, cores: number, from = 2): number[] {
  if (cores === 1) return [1];
  const step = lineage === "previous" && cores <= 8 ? 1 : 2;
  const first = step === 1 ? 1 : from;
  return Array.from({ length: Math.floor((cores - first) / step) + 1 }, (_, index) => first + index * step);
}

function instanceStoreOf(row: FamilyRow, size: string): { instanceStore?: InstanceStore } {
  const disks = row.disks?.[size];
  if (disks === undefined) return {};
  const nvme = row.lineage === "nitro" ? "required" : "unsupported";
  return { instanceStore: { diskCount: disks[0], diskSizeGb: disks[1], diskType: row.diskType ?? "ssd", nvme, encryption: nvme } };
}

function networkOf(row: FamilyRow, sizeRow: SizeRow): NetworkFigures {
  const [text, baselineGbps, peakGbps] = sizeRow.network;
  const [maxInterfaces, addressesEach] = sizeRow.interfaces ?? interfacesFor(sizeRow.vcpus);
  return {
    text,
    baselineGbps,
    peakGbps,
    maxInterfaces,
    ipv4PerInterface: addressesEach,
    ipv6PerInterface: row.ipv6 ? addressesEach : 0,
    ena: row.lineage === "nitro" ? "required" : "unsupported",
    enaQueuesPerInterface: row.enaQueues === "eight" ? 8 : Math.min(8, sizeRow.vcpus),
    encryptionInTransit: false,
  };
}

/** The ladder that nearly every family follows. */
function interfacesFor(vcpus: number): InterfaceCell {
  if (vcpus >= 64) return [15, 50];
  if (vcpus >= 16) return [8, 30];
  if (vcpus >= 4) return [4, 15];
  return vcpus >= 2 ? [3, 10] : [2, 4];
}

function ebsOf(row: FamilyRow, size: string, { ebs }: SizeRow, bareMetal: boolean): EbsFigures {
  const nitro = row.lineage === "nitro";
  // A Nitro machine has 28 places for devices: the root's interface takes one, local disks take theirs.
  const maxAttachments = bareMetal ? 31 : nitro ? 27 - (row.disks?.[size]?.[0] ?? 0) : 39;
  const shared = { nvme: nitro ? "required" : "unsupported", maxAttachments, attachmentLimit: "shared" } as const; // keeps the literals
  if (ebs === undefined) return { ...shared, optimized: "unsupported" };
  const [baselineMbps, maximumMbps, baselineIops, maximumIops] = ebs;
  return { ...shared, optimized: nitro ? "default" : "supported", bandwidth: { baselineMbps, maximumMbps, baselineIops, maximumIops } };
}

function burstableOf({ creditsPerHour, vcpus }: SizeRow): { burstable?: BurstableFigures } {
  if (creditsPerHour === undefined) return {};
  return { burstable: { creditsPerHour, maximumCredits: creditsPerHour * 24, baselinePercentPerVcpu: (creditsPerHour / 60 / vcpus) * 100 } };
}
