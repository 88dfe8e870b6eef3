/** General-purpose, compute and memory families of the 5th generation, the first of the Nitro machines (facts §3.3, §3.5, §3.6). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

const sizesOfM5 = `
  large     .75/10   650/4750   3600/18750
  xlarge    1.25/10  1150/4750  6000/18750
  2xlarge   2.5/10   2300/4750  12000/18750
  4xlarge   5/10     4750       18750
  8xlarge   10       6800       30000
  12xlarge  12       9500       40000
  16xlarge  20       13600      60000
  24xlarge  25       19000      80000  cores=4
  metal:96  25       19000      80000
`;

const sizesOfM5n = `
  large     2.1/25    650/4750   3600/18750
  xlarge    4.1/25    1150/4750  6000/18750
  2xlarge   8.125/25  2300/4750  12000/18750
  4xlarge   16.25/25  4750       18750
  8xlarge   25        6800       30000
  12xlarge  50        9500       40000
  16xlarge  75        13600      60000
  24xlarge  100       19000      80000  cores=4 efa
  metal:96  100       19000      80000  efa
`;

const sizesOfR5b = `
  large     .75/10   1250/10000  5417/43333
  xlarge    1.25/10  2500/10000  10833/43333
  2xlarge   2.5/10   5000/10000  21667/43333
  4xlarge   5/10     10000       43333
  8xlarge   10       20000       86667
  12xlarge  12       30000       130000
  16xlarge  20       40000       173333
  24xlarge  25       60000       260000  cores=4
  metal:96  25       60000       260000
`;

const sizesOfM5a = `
  large     .75/10   650/2880   3600/16000
  xlarge    1.25/10  1085/2880  6000/16000
  2xlarge   2.5/10   1580/2880  8333/16000
  4xlarge   5/10     2880       16000
  8xlarge   7.5/10   4750       20000
  12xlarge  10       6780       30000
  16xlarge  12       9500       40000
  24xlarge  20       13570      60000
`;

const sizesOfM5zn = `
  large     3/25   800/3170   3333/13333
  xlarge    5/25   1580/3170  6667/13333
  2xlarge   10/25  3170       13333
  3xlarge   15/25  4750       20000  if=8x30
  6xlarge   50     9500       40000
  12xlarge  100    19000      80000  if=15x50 efa
  metal:48  100    19000      80000  if=15x50 efa
`;

/** The sizes with their own clock run on a later processor than the rest. */
const sizesOfC5 = `
  large     .75/10   650/4750   4000/20000
  xlarge    1.25/10  1150/4750  6000/20000
  2xlarge   2.5/10   2300/4750  10000/20000
  4xlarge   5/10     4750       20000
  9xlarge   12       9500       40000
  12xlarge  12       9500       40000  ghz=3.6
  18xlarge  25       19000      80000  cores=4
  24xlarge  25       19000      80000  ghz=3.6 nohost
  metal:96  25       19000      80000  ghz=3.6 nohost
`;

const sizesOfC5n = `
  large     3/25   650/4750   4000/20000   mem=5376
  xlarge    5/25   1150/4750  6000/20000   mem=10752
  2xlarge   10/25  2300/4750  10000/20000  mem=21504
  4xlarge   15/25  4750       20000        mem=43008
  9xlarge   50     9500       40000        mem=98304   efa
  18xlarge  100    19000      80000        mem=196608  cores=4 efa
  metal:72  100    19000      80000        mem=196608  efa
`;

const sizesOfC5a = `
  large     .75/10   200/3170   800/13300
  xlarge    1.25/10  400/3170   1600/13300
  2xlarge   2.5/10   800/3170   3200/13300
  4xlarge   5/10     1580/3170  6600/13300
  8xlarge   10       3170       13300
  12xlarge  12       4750       20000
  16xlarge  20       6300       26700
  24xlarge  20       9500       40000
`;

const sizesOfA1 = `
  medium    .5/10    300/3500   2500/20000
  large     .75/10   525/3500   4000/20000
  xlarge    1.25/10  800/3500   6000/20000
  2xlarge   2.5/10   1750/3500  10000/20000
  4xlarge   5/10     3500       20000
  metal:16  5/10     3500       20000
`;

const disksOfM5 = "large 1x75 xlarge 1x150 2xlarge 1x300 4xlarge 2x300 8xlarge 2x600 12xlarge 2x900 16xlarge 4x600 24xlarge 4x900 metal 4x900";
const disksOfC5d = "large 1x50 xlarge 1x100 2xlarge 1x200 4xlarge 1x400 9xlarge 1x900 12xlarge 2x900 18xlarge 2x900 24xlarge 4x900 metal 4x900";
const disksOfC5ad = "large 1x75 xlarge 1x150 2xlarge 1x300 4xlarge 2x300 8xlarge 2x600 12xlarge 2x900 16xlarge 2x1200 24xlarge 2x1900";

const c5 = processors.intel("Intel Xeon Platinum (Skylake or Cascade Lake)", 3.4);
const withoutHibernation = lineages.nitro;
const networkOptimised = { ...lineages.nitro, encryptionInTransit: true };

export const fifthGeneration: readonly FamilyRow[] = [
  { families: "m5 r5", processor: processors.skylake, traits: lineages.nitro5, sizes: sizesOfM5, previous: "m5 r5" },
  { families: "m5d r5d", processor: processors.skylake, traits: lineages.nitro5, sizes: sizesOfM5, disks: disksOfM5 },
  { families: "m5n r5n", processor: processors.intel("Intel Xeon (Cascade Lake)", 3.1), traits: networkOptimised, sizes: sizesOfM5n },
  { families: "m5dn r5dn", processor: processors.intel("Intel Xeon (Cascade Lake)", 3.1), traits: networkOptimised, sizes: sizesOfM5n, disks: disksOfM5 },
  { families: "m5zn", processor: processors.intel("Intel Xeon (Cascade Lake)", 4.5), traits: networkOptimised, sizes: sizesOfM5zn },
  { families: "r5b", processor: processors.intel("Intel Xeon (Cascade Lake)", 3.1), traits: withoutHibernation, sizes: sizesOfR5b },
  { families: "m5a r5a", processor: processors.amd("EPYC 7571", 2.5), traits: lineages.nitro5, sizes: sizesOfM5a },
  { families: "m5ad r5ad", processor: processors.amd("EPYC 7571", 2.2), traits: lineages.nitro5, sizes: sizesOfM5a, disks: disksOfM5 },
  { families: "c5", processor: c5, traits: lineages.nitro5, sizes: sizesOfC5, previous: "c5" },
  { families: "c5d", processor: c5, traits: lineages.nitro5, sizes: sizesOfC5, disks: disksOfC5d },
  { families: "c5n", processor: processors.intel("Intel Xeon Platinum (Skylake)", 3.4), traits: networkOptimised, sizes: sizesOfC5n },
  { families: "c5a", processor: processors.amd("EPYC (Rome)", 3.3), traits: networkOptimised, sizes: sizesOfC5a },
  { families: "c5ad", processor: processors.amd("EPYC (Rome)", 3.3), traits: networkOptimised, sizes: sizesOfC5a, disks: disksOfC5ad },
  {
    families: "a1",
    processor: processors.graviton1,
    traits: { ...withoutHibernation, nitroTpm: false, enclaves: false, cores: "none" },
    sizes: sizesOfA1,
    gibPerVcpu: 2,
    previous: "a1",
  },
];
