/**
 * Which instance types suit a wish, and why. What is asked for is a lower bound that every type must reach; among those that do, points decide, and each
 * point has a reason that a person can check. There are no prices: what is more than asked for counts against a type instead.
 */
import type { Architecture, InstanceType } from "../../compute/instance-types/instance-type.ts";
import { decodeName } from "../../compute/instance-types/type-name.ts";
import type { Workload } from "./workloads.ts";

export interface Wish {
  readonly vcpus?: number;
  readonly memoryGib?: number;
  readonly storage?: "local" | "hdd" | "ebs";
  readonly architecture?: Architecture;
  readonly networkGbps?: number;
  readonly ebsMbps?: number;
  readonly gpus?: number;
  readonly load?: "steady" | "burst";
  readonly workload?: Workload;
  readonly previous?: boolean;
  readonly bareMetal?: boolean;
}

export interface Reason {
  readonly about: "resources" | "ratio" | "storage" | "network" | "volumes" | "generation" | "architecture" | "load" | "features" | "workload";
  /** Negative where it speaks against the type. */
  readonly points: number;
  readonly text: string;
}

export interface Ranked {
  readonly type: InstanceType;
  readonly score: number;
  readonly reasons: readonly Reason[];
}

/** Hardly any work notices more bandwidth than this. */
const enoughGbps = 100;

/** The best first. */
export function recommend(types: readonly InstanceType[], wish: Wish): readonly Ranked[] {
  const ranked = types.filter((type) => fits(type, wish)).map((type): Ranked => {
    const reasons = reasonsFor(type, wish).map((reason) => ({ ...reason, points: Math.round(reason.points * 10) / 10 }));
    return { type, score: Math.round(reasons.reduce((sum, { points }) => sum + points, 100) * 10) / 10, reasons };
  });
  return ranked.toSorted((a, b) => b.score - a.score || (a.type.name < b.type.name ? -1 : 1));
}

function fits(type: InstanceType, wish: Wish): boolean {
  return (
    (wish.previous === true || type.currentGeneration) &&
    type.bareMetal === (wish.bareMetal ?? false) &&
    !type.architectures.some((each) => each.endsWith("_mac")) &&
    (wish.architecture === undefined || type.architectures.includes(wish.architecture)) &&
    type.vcpus >= (wish.vcpus ?? 1) &&
    type.memoryMib >= (wish.memoryGib ?? 0) * 1024 &&
    type.network.baselineGbps >= (wish.networkGbps ?? 0) &&
    (type.ebs.bandwidth?.baselineMbps ?? 0) >= (wish.ebsMbps ?? 0) &&
    storageFits(type, wish.storage) &&
    devicesFit(type, wish) &&
    !(wish.load === "steady" && type.burstable !== undefined)
  );
}

function storageFits({ instanceStore }: InstanceType, storage: Wish["storage"]): boolean {
  switch (storage) {
    case undefined:
      return true;
    case "local":
      return instanceStore !== undefined;
    case "hdd":
      return instanceStore?.diskType === "hdd";
    case "ebs":
      return instanceStore === undefined;
  }
}

/** Accelerators and machines for high-performance computing only where somebody asks for such. */
function devicesFit(type: InstanceType, { gpus, workload }: Wish): boolean {
  const { accelerators } = type;
  if (gpus !== undefined && gpus > 0) return accelerators?.kind === "gpu" && accelerators.count >= gpus;
  if (workload?.accelerators !== undefined) return accelerators !== undefined && workload.accelerators.some((kind) => accelerators.kind === kind);
  if (accelerators !== undefined) return false;
  return categoryOf(type) !== "high-performance computing" || workload?.categories.includes("high-performance computing") === true;
}

function reasonsFor(type: InstanceType, wish: Wish): Reason[] {
  return [
    surplus("vCPUs", type.vcpus, wish.vcpus, 1),
    // Without a wish for memory, the ratio of the workload decides.
    wish.memoryGib === undefined && wish.workload !== undefined ? undefined : surplus("GiB of memory", type.memoryMib / 1024, wish.memoryGib, 1),
    ...ratio(type, wish),
    ...storage(type, wish),
    bandwidth("network", type.network.baselineGbps, type.network.text, 2 * (wish.workload?.network ?? 1)),
    bandwidth("volumes", (type.ebs.bandwidth?.baselineMbps ?? 0) / 1000, ebsText(type), 2 * (wish.workload?.volumes ?? 1)),
    ...specialities(type, wish),
    ...generation(type),
    architecture(type),
    ...load(type, wish),
    ...forWorkload(type, wish.workload),
  ].filter((reason): reason is Reason => reason !== undefined);
}

/** Twice what was asked for is as bad whatever it is twice of; without a wish, small is better. */
function surplus(what: string, has: number, asked: number | undefined, otherwise: number): Reason {
  const times = has / (asked ?? otherwise);
  const points = asked === undefined ? -2 * Math.log2(times) : -12 * Math.log2(times);
  const text = asked === undefined ? `${has} ${what}` : times === 1 ? `exactly the ${asked} ${what} asked for` : `${has} ${what}, ${round(times)} times the ${asked} asked for`;
  return { about: "resources", points, text };
}

function ratio(type: InstanceType, { vcpus, memoryGib, workload }: Wish): Reason[] {
  const has = type.memoryMib / 1024 / type.vcpus;
  const wanted = vcpus !== undefined && memoryGib !== undefined ? memoryGib / vcpus : workload?.gibPerVcpu;
  if (wanted === undefined) return [];
  const distance = Math.abs(Math.log2(has / wanted));
  return [{ about: "ratio", points: 8 - 12 * distance, text: `${round(has)} GiB for each vCPU${distance < 0.1 ? ", as wanted" : `, where ${round(wanted)} would be right`}` }];
}

function storage({ instanceStore: store }: InstanceType, wish: Wish): Reason[] {
  const wanted = wish.storage === "local" || wish.storage === "hdd" || wish.workload?.localDisks !== undefined;
  if (store === undefined) return wanted ? [{ about: "storage", points: -8, text: "no local disks" }] : [];
  const total = store.diskCount * store.diskSizeGb;
  const disks = `${store.diskCount} × ${store.diskSizeGb} GB of local ${store.nvme === "required" ? "NVMe " : ""}${store.diskType.toUpperCase()}`;
  if (!wanted) return [{ about: "storage", points: -4, text: `${disks}, which nobody asked for` }];
  const wantedKind = wish.storage === "hdd" ? "hdd" : (wish.workload?.localDisks ?? "ssd");
  return [
    { about: "storage", points: Math.min(12, 2 * Math.log2(1 + total / 100)), text: disks },
    ...(store.diskType === wantedKind ? [] : [{ about: "storage" as const, points: -14, text: `${store.diskType.toUpperCase()} where ${wantedKind.toUpperCase()} suits better` }]),
  ];
}

function bandwidth(about: "network" | "volumes", gbps: number, text: string, weight: number): Reason {
  return { about, points: weight * Math.log2(1 + Math.min(gbps, enoughGbps)), text: about === "network" ? `${text} of network, ${gbps} of it at all times` : text };
}

/** What a family is made for costs, whether or not it is used. */
function specialities({ name }: InstanceType, { networkGbps, ebsMbps, workload }: Wish): Reason[] {
  const decoded = decodeName(name);
  if ("malformed" in decoded) return [];
  const has = (letter: string) => decoded.parts.some(({ kind, text }) => kind === "option" && text === letter);
  const [network, volumes] = [workload?.network ?? 1, workload?.volumes ?? 1];
  return [
    ...(has("n") && networkGbps === undefined && network < 1.5 ? [{ about: "features" as const, points: -9, text: "made for the network, more than this work uses" }] : []),
    ...(has("b") && ebsMbps === undefined && volumes < 1.5 ? [{ about: "features" as const, points: -9, text: "made for volumes, more than this work uses" }] : []),
  ];
}

function ebsText({ ebs: { bandwidth: figures } }: InstanceType): string {
  return figures === undefined ? "no bandwidth of its own to volumes" : `${figures.baselineMbps} Mbit/s and ${figures.baselineIops} IOPS to volumes at all times`;
}

function generation(type: InstanceType): Reason[] {
  const decoded = decodeName(type.name);
  if ("malformed" in decoded || decoded.generation === undefined) return [];
  return [{ about: "generation", points: 2 * decoded.generation, text: `generation ${decoded.generation}: ${type.processor}${type.clockGhz === undefined ? "" : `, ${type.clockGhz} GHz`}` }];
}

function architecture({ architectures }: InstanceType): Reason {
  if (architectures.includes("arm64")) return { about: "architecture", points: 0, text: "arm64: needs an image for it, and hosts that run it" };
  return { about: "architecture", points: 1, text: "x86_64: runs nearly every image" };
}

function load(type: InstanceType, { load: wanted, workload }: Wish): Reason[] {
  const bursts = wanted === "burst" || (wanted === undefined && workload?.bursts === true);
  const flexible = type.family.endsWith("-flex");
  if (type.burstable !== undefined) {
    const baseline = `${round(type.burstable.baselinePercentPerVcpu)} % of each vCPU, and credits to go beyond it`;
    return [{ about: "load", points: bursts ? 25 : -10, text: bursts ? `bursts: ${baseline}` : `only ${baseline}` }];
  }
  if (flexible) return [{ about: "load", points: bursts ? 6 : -3, text: "full speed for most of the time, not for all of it" }];
  return wanted === "steady" ? [{ about: "load", points: 0, text: "full speed at all times" }] : [];
}

function forWorkload(type: InstanceType, workload: Workload | undefined): Reason[] {
  if (workload === undefined) return [];
  const category = categoryOf(type);
  const place = workload.categories.findIndex((each) => each === category);
  const fast = workload.highClock === true && (type.clockGhz ?? 0) >= 4;
  const { accelerators } = type;
  return [
    place < 0
      ? { about: "workload", points: -6, text: `${category}, not the usual choice for ${workload.name}` }
      : { about: "workload", points: 10 - 5 * place, text: `${category}, for ${workload.name}: ${workload.why}` },
    ...(fast ? [{ about: "features" as const, points: 6, text: `a high clock of ${type.clockGhz} GHz` }] : []),
    ...(workload.accelerators === undefined || accelerators === undefined
      ? []
      : [{ about: "features" as const, points: 2 * Math.log2(1 + (accelerators.count * accelerators.memoryMib) / 1024), text: `${accelerators.count} × ${accelerators.manufacturer} ${accelerators.name}` }]),
  ];
}

function categoryOf(type: InstanceType): string | undefined {
  const decoded = decodeName(type.name);
  return "malformed" in decoded ? undefined : decoded.category;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
