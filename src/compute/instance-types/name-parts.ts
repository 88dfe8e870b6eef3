/** What the parts of an instance type's name mean behind its series: options, variants and sizes (facts §3.1). Undefined for what is not known. */
import { findSeries } from "./series.ts";

const options: ReadonlyMap<string, string> = new Map([
  ["a", "processors of AMD"],
  ["b", "optimised for EBS: more bandwidth and IOPS to volumes"],
  ["d", "local NVMe disks: an instance store"],
  ["f", "a fraction of a GPU"],
  ["g", "AWS Graviton processors: arm64"],
  ["h", "more sockets than one board has"],
  ["i", "processors of Intel"],
  ["n", "optimised for the network, and often for EBS"],
  ["q", "accelerators of Qualcomm"],
  ["s", "a smaller size of the family"],
  ["u", "part of an UltraServer: several machines whose accelerators are joined"],
  ["z", "a high clock"],
]);

export function optionMeaning(letter: string, series: string): string | undefined {
  if (letter === "e") return extraOf(series);
  return options.get(letter);
}

function extraOf(series: string): string {
  if (series === "p" || series === "g") return "extra memory on its accelerators";
  switch (findSeries(series)?.category) {
    case "memory optimized":
      return "extra memory";
    case "storage optimized":
      return "extra storage";
    default:
      return "extra capacity of what the family is about";
  }
}

export function variantMeaning(variant: string): string | undefined {
  if (variant === "flex") return "cheaper: full speed for most of the time, with a baseline below it";
  const terabytes = /^(?<count>\d+)tb(?<generation>\d*)$/.exec(variant)?.groups;
  if (terabytes !== undefined) return `${terabytes["count"]} TiB of memory${terabytes["generation"] === "" ? "" : `, generation ${terabytes["generation"]}`}`;
  const chip = /^m(?<number>\d+)(?<grade>pro|max|ultra)?$/.exec(variant)?.groups;
  if (chip !== undefined) return `Apple's chip M${chip["number"]}${chip["grade"] === undefined ? "" : ` ${chip["grade"].charAt(0).toUpperCase()}${chip["grade"].slice(1)}`}`;
  const blackwell = /^(?<grace>g?)b(?<model>\d+)$/.exec(variant)?.groups;
  if (blackwell !== undefined) return `NVIDIA ${blackwell["grace"] === "g" ? "Grace Blackwell GB" : "Blackwell B"}${blackwell["model"]}`;
  return undefined;
}

const smallSizes: ReadonlyMap<string, string> = new Map([
  ["nano", "the smallest size"],
  ["micro", "a very small size"],
  ["small", "a small size"],
  ["medium", "a size below large: 1 vCPU, or 2 in burstable families"],
  ["large", "2 vCPUs"],
  ["xlarge", "4 vCPUs"],
  ["metal", "the whole machine, without a hypervisor"],
]);

export function sizeMeaning(size: string): string | undefined {
  const named = smallSizes.get(size);
  if (named !== undefined) return named;
  const { metal, times } = /^(?<metal>metal-)?(?<times>\d+)xl(?:arge)?$/.exec(size)?.groups ?? {};
  if (times === undefined) return undefined;
  const vcpus = `${times} × xlarge: ${4 * Number(times)} vCPUs by the rule`;
  return metal === undefined ? vcpus : `a whole machine of the size ${times}xlarge, without a hypervisor`;
}
