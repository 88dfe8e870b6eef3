/** Memory families beside the R series: X, U and Z (facts §3.3, §3.5, §3.6). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";
import { sizesOfM8g, sizesOfM8i } from "./eighth-generation.ts";

const sizesOfX1 = `
  16xlarge  10  7000   40000  if=8x30
  32xlarge  25  14000  80000  if=8x30
`;

const sizesOfX1e = `
  xlarge    .625/10  500    3700   if=3x10
  2xlarge   1.25/10  1000   7400   if=4x15
  4xlarge   2.5/10   1750   10000  if=4x15
  8xlarge   5/10     3500   20000  if=4x15
  16xlarge  10       7000   40000  if=8x30
  32xlarge  25       14000  80000  if=8x30
`;

const sizesOfX2gd = `
  medium    .5/10    315/4750   2500/20000
  large     .75/10   630/4750   3600/20000
  xlarge    1.25/10  1188/4750  6000/20000
  2xlarge   2.5/10   2375/4750  12000/20000
  4xlarge   5/10     4750       20000
  8xlarge   12       9500       40000
  12xlarge  20       14250      60000
  16xlarge  25       19000      80000
  metal:64  25       19000      80000
`;

const sizesOfX2idn = `
  16xlarge   50   40000  173333
  24xlarge   75   60000  260000
  32xlarge   100  80000  260000  efa
  metal:128  100  80000  260000  efa
`;

const sizesOfX2iedn = `
  xlarge     1.875/25  2500/20000   8125/65000
  2xlarge    5/25      5000/20000   16250/65000
  4xlarge    12.5/25   10000/20000  32500/65000
  8xlarge    25        20000        65000
  16xlarge   50        40000        130000
  24xlarge   75        60000        195000
  32xlarge   100       80000        260000  efa
  metal:128  100       80000        260000  efa
`;

const sizesOfX2iezn = `
  2xlarge   12.5/25  3170   13333
  4xlarge   15/25    4750   20000
  6xlarge   50       9500   40000
  8xlarge   75       12000  55000
  12xlarge  100      19000  80000  if=15x50 efa
  metal:48  100      19000  80000  if=15x50 efa
`;

const sizesOfX8aedz = `
  large       1.562/12.5   1250/15000  5000/60000
  xlarge      3.125/12.5   2500/15000  10000/60000
  3xlarge     9.375/18.75  7500/15000  30000/60000  if=8x40
  6xlarge     18.75        15000       60000        if=8x40
  12xlarge    37.5         30000       120000       if=16x64 att=64
  24xlarge    75           60000       240000       if=16x64 att=128 efa
  metal-12xl  37.5         30000       120000       if=16x64
  metal-24xl  75           60000       240000       if=16x64 efa
`;

const sizesOfZ1d = `
  large     .75/10   800/3170   3333/13333
  xlarge    1.25/10  1580/3170  6667/13333
  2xlarge   2.5/10   3170       13333
  3xlarge   5/10     4750       20000  if=8x30
  6xlarge   12       9500       40000
  12xlarge  25       19000      80000  if=15x50
  metal:48  25       19000      80000  if=15x50
`;

const gib = 1024;
const tib = 1024 * gib;

function highMemory(family: string, terabytes: number, sizes: string): FamilyRow {
  const traits = { ...lineages.nitro, encryptionInTransit: true, uefi: false, nitroTpm: false, enclaves: false, usageClasses: ["on-demand"] } as const;
  return { families: family, processor: processors.intel("Intel Xeon Scalable", 2.1), traits, sizes: sizes.replaceAll("MEM", String(terabytes * tib)) };
}

function seventhHighMemory(family: string, terabytes: number, size: string, gbps: number, cards = 1): FamilyRow {
  const traits = { ...lineages.nitro7, hibernation: false, enclaves: false, precisionClock: false, usageClasses: ["on-demand"] } as const;
  const sizes = `${size}xlarge ${gbps} 100000 560000 mem=${terabytes * tib} if=${15 * cards}x50 cards=${cards} efa att=128`;
  return { families: family, processor: processors.intel("Intel Xeon (Sapphire Rapids)", 1.9), traits, sizes, approximate: "core counts, interfaces; EBS figures but of u7i-12tb" };
}

export const memoryFamilies: readonly FamilyRow[] = [
  {
    families: "x1",
    processor: processors.intel("Intel Xeon E7-8880 v3 (Haswell)", 2.3),
    traits: { ...lineages.xenEna, instanceStoreRoots: true },
    sizes: sizesOfX1,
    disks: "16xlarge 1x1920 32xlarge 2x1920",
    gibPerVcpu: 15.25,
  },
  {
    families: "x1e",
    processor: processors.intel("Intel Xeon E7-8880 v3 (Haswell)", 2.3),
    traits: lineages.xenEna,
    sizes: sizesOfX1e,
    disks: "xlarge 1x120 2xlarge 1x240 4xlarge 1x480 8xlarge 1x960 16xlarge 1x1920 32xlarge 2x1920",
    gibPerVcpu: 30.5,
  },
  {
    families: "x2gd",
    processor: processors.graviton2,
    traits: { ...lineages.nitro5, cores: "every" },
    sizes: sizesOfX2gd,
    disks: "medium 1x59 large 1x118 xlarge 1x237 2xlarge 1x475 4xlarge 1x950 8xlarge 1x1900 12xlarge 2x1425 16xlarge 2x1900 metal 2x1900",
  },
  {
    families: "x2idn",
    processor: processors.iceLake,
    traits: { ...lineages.nitro6, hibernation: false },
    sizes: sizesOfX2idn,
    disks: "16xlarge 1x1900 24xlarge 2x1425 32xlarge 2x1900 metal 2x1900",
  },
  {
    families: "x2iedn",
    processor: processors.iceLake,
    traits: { ...lineages.nitro6, hibernation: false },
    sizes: sizesOfX2iedn,
    disks: "xlarge 1x118 2xlarge 1x237 4xlarge 1x475 8xlarge 1x950 16xlarge 1x1900 24xlarge 2x1425 32xlarge 2x1900 metal 2x1900",
    gibPerVcpu: 32,
  },
  {
    families: "x2iezn",
    processor: processors.intel("Intel Xeon (Cascade Lake)", 4.5),
    traits: { ...lineages.nitro, encryptionInTransit: true },
    sizes: sizesOfX2iezn,
    gibPerVcpu: 32,
  },
  { families: "x8g", processor: processors.graviton4, traits: lineages.nitro8, sizes: sizesOfM8g },
  {
    families: "x8i",
    processor: processors.graniteRapids,
    traits: { ...lineages.nitro8wide, features: ["nested-virtualization"] },
    sizes: `${sizesOfM8i.trimEnd()}
  64xlarge    80          60000       320000  cores=8:4 efa`,
    approximate: "EBS bandwidth and IOPS of 64xlarge",
  },
  {
    families: "x8aedz",
    processor: { ...processors.turin, clockGhz: 5 },
    traits: { ...lineages.nitro8wide, cores: "sixths", hibernation: false },
    sizes: sizesOfX8aedz,
    disks: "large 1x158 xlarge 1x316 3xlarge 1x950 6xlarge 1x1900 12xlarge 1x3800 24xlarge 2x3800 metal-12xl 1x3800 metal-24xl 2x3800",
    gibPerVcpu: 32,
    approximate: "network peak, EBS figures and disks of large and xlarge",
  },
  {
    families: "z1d",
    processor: processors.intel("Intel Xeon Platinum 8151 (Skylake)", 4),
    traits: lineages.nitro,
    sizes: sizesOfZ1d,
    disks: "large 1x75 xlarge 1x150 2xlarge 1x300 3xlarge 1x450 6xlarge 1x900 12xlarge 2x900 metal 2x900",
    gibPerVcpu: 8,
  },
  highMemory("u-3tb1", 3, "56xlarge 50 19000 80000 mem=MEM if=8x30 cores=8:4 nohost"),
  highMemory("u-6tb1", 6, "56xlarge 100 38000 160000 mem=MEM threads=1 cores=16:8\n112xlarge 100 38000 160000 mem=MEM cores=16:8\nmetal:448 100 38000 160000 mem=MEM if=5x30"),
  highMemory("u-9tb1", 9, "112xlarge 100 38000 160000 mem=MEM cores=16:8\nmetal:448 100 38000 160000 mem=MEM if=5x30"),
  highMemory("u-12tb1", 12, "112xlarge 100 38000 160000 mem=MEM cores=16:8\nmetal:448 100 38000 160000 mem=MEM if=5x30"),
  highMemory("u-18tb1", 18, "112xlarge 100 38000 160000 mem=MEM cores=16:8\nmetal:448 100 38000 160000 mem=MEM"),
  highMemory("u-24tb1", 24, "112xlarge 100 38000 160000 mem=MEM cores=16:8\nmetal:448 100 38000 160000 mem=MEM"),
  seventhHighMemory("u7i-6tb", 6, "112", 100),
  seventhHighMemory("u7i-8tb", 8, "112", 100),
  seventhHighMemory("u7i-12tb", 12, "224", 100),
  seventhHighMemory("u7in-16tb", 16, "224", 200, 2),
  seventhHighMemory("u7in-24tb", 24, "224", 200, 2),
  seventhHighMemory("u7in-32tb", 32, "224", 200, 2),
];
