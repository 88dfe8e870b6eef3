/**
 * The catalogue of instance types, derived from the table of families by the rules that EC2's own figures follow. What is kept is an index of names and the
 * parsed tables, which many families share; a type is made when it is asked for, and kept from then on only if it was asked for by name.
 */
import { invalidInstanceTypeAtLaunch } from "../../base/api-error.ts";
import type { FamilyRow, Traits } from "./family-row.ts";
import { familyTable } from "./family-table.ts";
import type { Accelerators, BurstableFigures, EbsFigures, InstanceStore, InstanceType } from "./instance-type.ts";
import { networkOf } from "./network-figures.ts";
import { parseDisks, parseSizes, type DiskCell, type SizeRow } from "./size-table.ts";
import { validCores } from "./valid-cores.ts";

const freeTier = new Set(["t3.micro", "t3.small", "t4g.micro", "t4g.small", "c7i-flex.large", "m7i-flex.large"]);

/** RAM is written to the root volume, so EC2 sets a bound (facts §1.12). */
const maxHibernationMib = 150 * 1024;

const gibPerVcpuOfSeries: Readonly<Record<string, number>> = { c: 2, m: 4, r: 8, x: 16 };

interface Entry {
  readonly family: string;
  readonly row: FamilyRow;
  readonly size: SizeRow;
}

/** The same text is parsed once, so that families of one table share its rows. */
const parsedSizes = new Map<string, readonly SizeRow[]>();
const parsedDisks = new Map<string, ReadonlyMap<string, DiskCell>>();
const entries: ReadonlyMap<string, Entry> = new Map(familyTable.flatMap(toEntries));
const made = new Map<string, InstanceType>();

export function findInstanceType(name: string): InstanceType | undefined {
  const kept = made.get(name);
  if (kept !== undefined || !entries.has(name)) return kept;
  const type = makeInstanceType(name);
  made.set(name, type);
  return type;
}

/** The type of one of the catalogue's names, made anew and not kept: for whoever goes through all of them. */
export function makeInstanceType(name: string): InstanceType {
  const entry = entries.get(name);
  if (entry === undefined) throw new RangeError(`the catalogue has no type ${name}`);
  return toInstanceType(entry);
}

/** The type that a launch or a row names; EC2's error for a launch where there is none. */
export function requireInstanceType(name: string): InstanceType {
  const type = findInstanceType(name);
  if (type === undefined) throw invalidInstanceTypeAtLaunch(name);
  return type;
}

export function listInstanceTypeNames(): readonly string[] {
  return [...entries.keys()];
}

/** Family by family, each from small to large; made anew in each call. */
export function listInstanceTypes(): readonly InstanceType[] {
  return Array.from(entries.values(), toInstanceType);
}

/** The families in the order of the table, with what of their figures is approximate. */
export function listFamilies(): readonly { readonly family: string; readonly types: readonly InstanceType[]; readonly approximate?: string }[] {
  const byFamily = Map.groupBy(entries.values(), ({ family }) => family);
  return [...byFamily].map(([family, members]) => {
    const approximate = members.find(({ row }) => row.approximate !== undefined)?.row.approximate;
    return { family, types: members.map(toInstanceType), ...(approximate === undefined ? {} : { approximate }) };
  });
}

function toEntries(row: FamilyRow): [name: string, entry: Entry][] {
  const sizes = once(parsedSizes, row.sizes, parseSizes);
  return row.families.split(" ").flatMap((family) => sizes.map((size): [string, Entry] => [`${family}.${size.size}`, { family, row, size }]));
}

function once<Value>(kept: Map<string, Value>, text: string, parse: (text: string) => Value): Value {
  const value = kept.get(text) ?? parse(text);
  kept.set(text, value);
  return value;
}

function toInstanceType({ family, row, size }: Entry): InstanceType {
  const { traits, processor } = row;
  const name = `${family}.${size.size}`;
  const bareMetal = isBareMetal(size);
  const nitro = traits.hypervisor === "nitro";
  const memoryMib = size.memoryMib ?? size.vcpus * gibPerVcpu(family, row) * 1024;
  const clockGhz = size.clockGhz ?? processor.clockGhz;
  const architectures = size.architectures ?? processor.architectures;
  const disks = row.disks === undefined ? undefined : once(parsedDisks, row.disks, parseDisks).get(size.size);
  const arm = architectures.some((each) => each.startsWith("arm64"));
  const threadsPerCore = size.vcpus === 1 ? 1 : (size.threadsPerCore ?? processor.threadsPerCore);
  const cores = size.vcpus / threadsPerCore;
  const choices = bareMetal || size.vcpus === 1 ? undefined : validCores(traits, cores, size.cores);
  return {
    name,
    family,
    size: size.size,
    currentGeneration: !(row.previous ?? "").split(" ").includes(family),
    freeTierEligible: freeTier.has(name),
    ...(bareMetal ? {} : { hypervisor: traits.hypervisor }),
    bareMetal,
    virtualizations: traits.paravirtual ? ["hvm", "paravirtual"] : ["hvm"],
    architectures,
    manufacturer: processor.manufacturer,
    processor: processor.name,
    processorFeatures: traits.features,
    ...(clockGhz === undefined ? {} : { clockGhz }),
    vcpus: size.vcpus,
    cores,
    threadsPerCore,
    ...(choices === undefined ? {} : { validCores: choices }),
    memoryMib,
    ...(disks === undefined ? {} : { instanceStore: instanceStoreOf(row, disks) }),
    network: networkOf(traits, size),
    ebs: ebsOf(traits, size, (disks?.count ?? 0) + (size.accelerators ?? 0)),
    ...acceleratorsOf(row, size),
    ...burstableOf(size),
    usageClasses: traits.usageClasses,
    rootDeviceTypes: traits.instanceStoreRoots ? ["ebs", "instance-store"] : ["ebs"],
    bootModes: arm ? ["uefi"] : traits.uefi && !bareMetal ? ["legacy-bios", "uefi"] : ["legacy-bios"],
    placementStrategies: traits.clusterPlacement ? ["cluster", "partition", "spread"] : ["partition", "spread"],
    hibernation: traits.hibernation && !bareMetal && memoryMib < maxHibernationMib,
    dedicatedHosts: traits.dedicatedHosts && size.dedicatedHosts,
    autoRecovery: traits.autoRecovery && !(nitro && disks !== undefined),
    rebootMigration: nitro && traits.autoRecovery && disks === undefined,
    nitroEnclaves: traits.enclaves && !bareMetal && size.vcpus >= (arm || (traits.interfaces === "wide" && threadsPerCore === 1) ? 2 : 4),
    nitroTpm: traits.nitroTpm && !bareMetal,
    precisionClock: traits.precisionClock,
  };
}

function isBareMetal({ size }: SizeRow): boolean {
  return size.startsWith("metal");
}

/** A mistake in our own table fails here, when the type is first asked for; a test asks for all. */
function gibPerVcpu(family: string, row: FamilyRow): number {
  const ratio = row.gibPerVcpu ?? gibPerVcpuOfSeries[family.charAt(0)];
  if (ratio === undefined) throw new RangeError(`the table gives no memory for the family ${family}`);
  return ratio;
}

function instanceStoreOf(row: FamilyRow, disks: DiskCell): InstanceStore {
  const nvme = row.traits.hypervisor === "nitro" || row.nvmeDisks === true ? "required" : "unsupported";
  return { diskCount: disks.count, diskSizeGb: disks.sizeGb, diskType: row.diskType ?? "ssd", nvme, encryption: nvme };
}

function ebsOf(traits: Traits, size: SizeRow, localDevices: number): EbsFigures {
  const nitro = traits.hypervisor === "nitro";
  const maxAttachments = size.maxAttachments ?? attachmentsOf(traits, size, localDevices);
  const shared = {
    nvme: nitro ? "required" : "unsupported",
    maxAttachments,
    attachmentLimit: traits.attachments === "dedicated" ? "dedicated" : "shared",
  } as const; // keeps the literals
  if (size.ebs === undefined) return { ...shared, optimized: "unsupported" };
  // The Xen types with 39 volumes are those from before EBS optimisation came with the type.
  return { ...shared, optimized: traits.attachments === "xen 39" ? "supported" : "default", bandwidth: size.ebs };
}

function attachmentsOf(traits: Traits, size: SizeRow, localDevices: number): number {
  switch (traits.attachments) {
    case "xen 39":
      return 39;
    case "xen 40":
      return 40;
    case "shared":
      // A Nitro machine has 28 places for devices: the root's interface takes one, local disks and accelerators take theirs.
      return isBareMetal(size) ? 31 : 27 - localDevices;
    case "dedicated":
      return isBareMetal(size) ? (size.vcpus >= 192 ? 79 : traits.interfaces === "wide" ? 64 : 39) : dedicatedAttachments(size.vcpus);
  }
}

function dedicatedAttachments(vcpus: number): number {
  if (vcpus >= 192) return 128;
  if (vcpus >= 128) return 88;
  if (vcpus >= 96) return 64;
  return vcpus >= 64 ? 48 : 32;
}

function acceleratorsOf({ accelerator }: FamilyRow, { accelerators: count, acceleratorMemoryMib }: SizeRow): { accelerators?: Accelerators } {
  if (accelerator === undefined || count === undefined) return {};
  return { accelerators: { ...accelerator, count, memoryMib: acceleratorMemoryMib ?? accelerator.memoryMib ?? 0 } };
}

function burstableOf({ creditsPerHour, vcpus }: SizeRow): { burstable?: BurstableFigures } {
  if (creditsPerHour === undefined) return {};
  return { burstable: { creditsPerHour, maximumCredits: Math.round(creditsPerHour * 240) / 10, baselinePercentPerVcpu: (creditsPerHour / 60 / vcpus) * 100 } };
}
