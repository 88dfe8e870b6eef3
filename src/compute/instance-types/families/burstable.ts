/** Burstable families: their sizes earn CPU credits (facts §3.3, §3.6, §3.7). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

const sizesOfT3 = `
  nano:2    .032/5   43/2085    250/11800   mem=512    if=2x2   credits=6
  micro:2   .064/5   87/2085    500/11800   mem=1024   if=2x2   credits=12
  small:2   .128/5   174/2085   1000/11800  mem=2048   if=3x4   credits=24
  medium:2  .256/5   347/2085   2000/11800  mem=4096   if=3x6   credits=24
  large     .512/5   695/2780   4000/15700  mem=8192   if=3x12  credits=36
  xlarge    1.024/5  695/2780   4000/15700  mem=16384           credits=96
  2xlarge   2.048/5  695/2780   4000/15700  mem=32768           credits=192
`;

const sizesOfT3a = `
  nano:2    .032/5   45/2085    250/11800   mem=512    if=2x2   credits=6
  micro:2   .064/5   90/2085    500/11800   mem=1024   if=2x2   credits=12
  small:2   .128/5   175/2085   1000/11800  mem=2048   if=2x4   credits=24
  medium:2  .256/5   350/2085   2000/11800  mem=4096   if=3x6   credits=24
  large     .512/5   695/2780   4000/15700  mem=8192   if=3x12  credits=36
  xlarge    1.024/5  695/2780   4000/15700  mem=16384           credits=96
  2xlarge   2.048/5  695/2780   4000/15700  mem=32768           credits=192
`;

const sizesOfT2 = `
  nano      Low_to_Moderate:.032/.5   - -  mem=512    if=2x2   credits=3    i386
  micro     Low_to_Moderate:.064/.72  - -  mem=1024   if=2x2   credits=6    i386
  small     Low_to_Moderate:.128/.72  - -  mem=2048   if=3x4   credits=12   i386
  medium:2  Low_to_Moderate:.256/.72  - -  mem=4096   if=3x6   credits=24   i386
  large     Low_to_Moderate:.512/.72  - -  mem=8192   if=3x12  credits=36
  xlarge    Moderate:.75/1            - -  mem=16384  if=3x15  credits=54
  2xlarge   Moderate:1/1              - -  mem=32768  if=3x15  credits=81.6
`;

const burst = { clusterPlacement: false, enaQueues: "one a vCPU", enclaves: false } as const;

export const burstableFamilies: readonly FamilyRow[] = [
  {
    families: "t1",
    processor: processors.firstIntel,
    traits: { ...lineages.firstXen, instanceStoreRoots: false },
    sizes: `micro Very_Low:.07/.1 - - mem=627 if=2x2 i386`,
    previous: "t1",
    approximate: "network baseline",
  },
  {
    families: "t2",
    processor: { ...processors.intel("Intel Xeon (Broadwell)", 2.4), threadsPerCore: 1 },
    traits: { ...lineages.xen, ...burst, dedicatedHosts: false, hibernation: true, cores: "every" },
    sizes: sizesOfT2,
    approximate: "network baseline and peak",
  },
  { families: "t3", processor: processors.intel("Intel Xeon Platinum (Skylake or Cascade Lake)", 2.5), traits: { ...lineages.nitro5, ...burst }, sizes: sizesOfT3, gibPerVcpu: 4 },
  {
    families: "t3a",
    processor: processors.amd("EPYC 7571", 2.2),
    traits: { ...lineages.nitro5, ...burst, dedicatedHosts: false },
    sizes: sizesOfT3a,
  },
  {
    families: "t4g",
    processor: processors.graviton2,
    traits: { ...lineages.nitro5, ...burst, dedicatedHosts: false, cores: "every" },
    sizes: sizesOfT3,
  },
];
