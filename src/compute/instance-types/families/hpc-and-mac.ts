/** High-performance computing, and Apple's machines (facts §3.3). Both come in whole machines. */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

const mac = { ...lineages.nitro, autoRecovery: false, clusterPlacement: false, nitroTpm: false, enclaves: false, usageClasses: ["on-demand"] } as const;

function appleFamily(family: string, chip: string, clockGhz: number, vcpus: number, memoryGib: number, disks?: string): FamilyRow {
  return {
    families: family,
    processor: processors.apple(chip, clockGhz),
    traits: mac,
    sizes: `metal:${vcpus} 10 8000 55000 mem=${memoryGib * 1024} if=8x30 att=10`,
    ...(disks === undefined ? {} : { disks }),
    approximate: "EBS bandwidth, IOPS and attachments",
  };
}

export const hpcAndMac: readonly FamilyRow[] = [
  { families: "hpc6a", processor: processors.milan, traits: lineages.hpc, sizes: "48xlarge:96 100 87/2085 500/11000 threads=1 if=2x50 efa", gibPerVcpu: 4 },
  {
    families: "hpc6id",
    processor: processors.iceLake,
    traits: lineages.hpc,
    sizes: "32xlarge:64 200 87/2085 500/11000 threads=1 cards=2 if=4x50 efa",
    disks: "32xlarge 4x3800",
    gibPerVcpu: 16,
    approximate: "interfaces",
  },
  {
    families: "hpc7a",
    processor: processors.genoa,
    traits: lineages.hpc,
    sizes: ["12xlarge:24", "24xlarge:48", "48xlarge:96", "96xlarge:192"].map((size) => `${size} 300 87/2085 500/11000 mem=786432 cards=2 if=4x50 efa`).join("\n"),
  },
  {
    families: "hpc7g",
    processor: processors.graviton3,
    traits: lineages.hpc,
    sizes: ["4xlarge", "8xlarge", "16xlarge"].map((size) => `${size} 200 87/2085 500/11000 mem=131072 if=4x50 efa`).join("\n"),
  },
  {
    families: "hpc8a",
    processor: processors.turin,
    traits: lineages.hpc,
    sizes: "96xlarge:192 300 87/2085 500/11000 cards=2 if=4x50 efa",
    gibPerVcpu: 4,
    approximate: "EBS bandwidth and IOPS, interfaces",
  },
  {
    families: "mac1",
    processor: { ...processors.intel("Intel Core i7-8700B", 3.2), architectures: ["x86_64_mac"] },
    traits: { ...mac, uefi: false },
    sizes: "metal:12 25 8000 55000 mem=32768 if=8x30 att=16",
  },
  appleFamily("mac2", "M1", 3.2, 8, 16),
  appleFamily("mac2-m1ultra", "M1 Ultra", 3.2, 20, 128),
  appleFamily("mac2-m2", "M2", 3.5, 8, 24),
  appleFamily("mac2-m2pro", "M2 Pro", 3.5, 12, 32),
  appleFamily("mac-m3ultra", "M3 Ultra", 4, 28, 256),
  appleFamily("mac-m4", "M4", 3.5, 10, 24, "metal 1x2000"),
  appleFamily("mac-m4max", "M4 Max", 4, 16, 128),
  appleFamily("mac-m4pro", "M4 Pro", 3.5, 14, 48, "metal 1x2000"),
];
