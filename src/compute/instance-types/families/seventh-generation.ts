/** General-purpose, compute and memory families of the 7th generation (facts §3.3, §3.5, §3.6). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";
import { largeTo24xlarge } from "./ladders.ts";
import { disksOfM6g } from "./sixth-generation.ts";

const sizesOfM7a = `
  medium      .39/12.5    325/10000   2500/40000
  ${largeTo24xlarge}
  32xlarge    50          40000       160000
  48xlarge    50          40000       240000  efa
  metal-48xl  50          40000       240000  efa
`;

const sizesOfM7i = `
  ${largeTo24xlarge}
  48xlarge    50          40000       240000  efa
  metal-24xl  37.5        30000       120000 
  metal-48xl  50          40000       240000  efa
`;

const sizesOfM7iFlex = `
  large     .39/12.5    312/10000   2500/40000
  xlarge    .781/12.5   625/10000   3600/40000
  2xlarge   1.562/12.5  1250/10000  6000/40000
  4xlarge   3.125/12.5  2500/10000  12000/40000
  8xlarge   6.25/12.5   5000/10000  20000/40000
  12xlarge  9.375/18.75 7500/15000  30000/60000
  16xlarge  12.5/25     10000/20000 40000/80000
`;

const sizesOfR7iz = `
  large       .781/12.5   792/10000   3600/40000
  xlarge      1.562/12.5  1584/10000  6667/40000
  2xlarge     3.125/12.5  3168/10000  13333/40000
  4xlarge     6.25/12.5   6336/10000  26667/40000
  8xlarge     12.5        10000       40000
  12xlarge    25          19000       76000
  16xlarge    25          20000       80000
  32xlarge    50          40000       160000  efa
  metal-16xl  25          20000       80000  
  metal-32xl  50          40000       160000  att=79 efa
`;

const sizesOfM7g = `
  medium    .52/12.5   315/10000   2500/40000
  large     .937/12.5  630/10000   3600/40000
  xlarge    1.876/12.5 1250/10000  6000/40000
  2xlarge   3.75/15    2500/10000  12000/40000
  4xlarge   7.5/15     5000/10000  20000/40000
  8xlarge   15         10000       40000
  12xlarge  22.5       15000       60000
  16xlarge  30         20000       80000  efa
  metal:64  30         20000       80000  efa
`;

const sizesOfC7gn = `
  medium    3.125/25  521/10000   2083/40000
  large     6.25/30   1042/10000  4167/40000
  xlarge    12.5/40   2083/10000  8333/40000
  2xlarge   25/50     4167/10000  16667/40000
  4xlarge   50        8333/10000  33333/40000
  8xlarge   100       16667/20000 66667/80000
  12xlarge  150       25000/30000 100000/120000
  16xlarge  200       33333/40000 133333/160000  efa
  metal:64  200       33333/40000 133333/160000  efa
`;

const genoa = { ...lineages.nitro7, cores: "eighths" } as const;
const flex = { ...lineages.nitro7, clusterPlacement: false, dedicatedHosts: false, enclaves: false } as const;
/** Graviton3's machines are older than those of the others: volumes share the places for devices. */
const graviton3 = { ...lineages.nitro6, cores: "every", precisionClock: true } as const;

export const seventhGeneration: readonly FamilyRow[] = [
  { families: "c7a m7a r7a", processor: processors.genoa, traits: genoa, sizes: sizesOfM7a },
  { families: "c7i m7i r7i", processor: processors.sapphireRapids, traits: lineages.nitro7, sizes: sizesOfM7i },
  { families: "c7i-flex m7i-flex", processor: processors.sapphireRapids, traits: flex, sizes: sizesOfM7iFlex, approximate: "EBS baseline from 12xlarge on" },
  {
    families: "r7iz",
    processor: processors.intel("Intel Xeon (Sapphire Rapids)", 3.9),
    traits: { ...lineages.nitro7, precisionClock: false, enaSrdFromVcpus: 32 },
    sizes: sizesOfR7iz,
    approximate: "EBS bandwidth and IOPS of 12xlarge",
  },
  { families: "c7g m7g r7g", processor: processors.graviton3, traits: graviton3, sizes: sizesOfM7g },
  { families: "c7gd m7gd r7gd", processor: processors.graviton3, traits: graviton3, sizes: sizesOfM7g, disks: disksOfM6g },
  { families: "c7gn", processor: processors.graviton3, traits: graviton3, sizes: sizesOfC7gn },
];
