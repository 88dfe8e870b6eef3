/** General-purpose, compute and memory families of the 8th generation and later (facts §3.3, §3.5, §3.6). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

const sizesOfM8a = `
  medium      .52/12.5    325/10000   2500/40000
  large       .937/12.5   650/10000   3600/40000
  xlarge      1.875/12.5  1250/10000  6000/40000
  2xlarge     3.75/15     2500/10000  12000/40000
  4xlarge     7.5/15      5000/10000  20000/40000
  8xlarge     15          10000       40000
  12xlarge    22.5        15000       60000  if=12x64
  16xlarge    30          20000       80000
  24xlarge    40          30000       120000
  48xlarge    75          60000       240000  efa
  metal-24xl  40          30000       120000
  metal-48xl  75          60000       240000  efa
`;

export const sizesOfM8g = `
  medium      .52/12.5    315/10000   2500/40000
  large       .937/12.5   630/10000   3600/40000
  xlarge      1.875/12.5  1250/10000  6000/40000
  2xlarge     3.75/15     2500/10000  12000/40000
  4xlarge     7.5/15      5000/10000  20000/40000
  8xlarge     15          10000       40000
  12xlarge    22.5        15000       60000
  16xlarge    30          20000       80000
  24xlarge    40          30000       120000  efa
  48xlarge    50          40000       240000  efa
  metal-24xl  40          30000       120000  efa
  metal-48xl  50          40000       240000  efa
`;

const sizesOfM9g = `
  medium      .55/15   315/12000   2500/48000
  large       1/15     630/12000   3600/48000
  xlarge      2.1/15   1250/12000  6000/48000
  2xlarge     4.25/17  2500/12000  12000/48000
  4xlarge     8.5/17   5000/12000  20000/48000
  8xlarge     17       12000       48000
  12xlarge    25       18000       72000
  16xlarge    34       24000       96000
  24xlarge    50       36000       144000  efa
  48xlarge    100      60000       240000  efa
  metal-48xl  100      60000       240000  efa
`;

const sizesOfM8gn = `
  medium      3.125/25  760/10000   2500/40000
  large       6.25/30   1250/10000  5000/40000
  xlarge      12.5/40   2500/10000  10000/40000
  2xlarge     25/50     5000/10000  20000/40000
  4xlarge     50        10000       40000
  8xlarge     100       20000       80000   if=10x30
  12xlarge    150       30000       120000
  16xlarge    200       40000       160000  if=16x50 efa
  24xlarge    300       60000       240000  if=24x50 efa
  48xlarge    600       120000      480000  if=24x50 cards=2 efa ghz=2.7
  metal-24xl  300       60000       240000  if=24x50 efa
  metal-48xl  600       120000      480000  if=24x50 cards=2 efa ghz=2.7
`;

const sizesOfM8gb = `
  medium      2.083/16.66   1562/25000   7500/120000
  large       4.166/16.66   3125/25000   15000/120000
  xlarge      8.333/33.33   6250/25000   30000/120000
  2xlarge     16.666/33.33  12500/25000  60000/120000
  4xlarge     33.33         25000        120000
  8xlarge     66.66         50000        240000
  12xlarge    100           75000        360000
  16xlarge    133.33        100000       480000   if=16x50 efa
  24xlarge    200           150000       720000   if=24x50 efa
  48xlarge    400           300000       1440000  if=24x50 cards=2 efa ghz=2.7
  metal-24xl  200           150000       720000   if=24x50 efa
  metal-48xl  400           300000       1440000  if=24x50 cards=2 efa ghz=2.7
`;

export const sizesOfM8i = `
  large       .937/12.5   650/10000   3600/40000
  xlarge      1.875/12.5  1250/10000  6000/40000  if=4x30
  2xlarge     3.75/15     2500/10000  12000/40000
  4xlarge     7.5/15      5000/10000  20000/40000
  8xlarge     15          10000       40000       if=10x50
  12xlarge    22.5        15000       60000
  16xlarge    30          20000       80000
  24xlarge    40          30000       120000  cores=4:2
  32xlarge    50          40000       160000  cores=4:2
  48xlarge    75          60000       240000  cores=6:3 efa
  96xlarge    100         80000       480000  cores=12:6 efa
  metal-48xl  75          60000       240000  efa
  metal-96xl  100         80000       480000  efa
`;

const sizesOfM8in = `
  large       3.125/25  650/10000   3600/40000    if=4x20
  xlarge      6.25/30   1250/10000  6000/40000    if=4x30
  2xlarge     12.5/40   2500/10000  12000/40000   if=4x30
  4xlarge     25/50     5000/10000  20000/40000   if=8x50
  8xlarge     50        10000       40000
  12xlarge    75        15000       60000
  16xlarge    100       20000       80000
  24xlarge    150       30000       120000  cores=4:2
  32xlarge    200       40000       160000  cores=4:2 efa
  48xlarge    300       60000       240000  cores=6:3 efa
  96xlarge    600       120000      480000  cores=12:6 if=24x64 cards=2 efa
  metal-48xl  300       60000       240000  efa
  metal-96xl  600       120000      480000  if=24x64 cards=2 efa
`;

const sizesOfM8ib = `
  large       2.083/16.66   1562/25000   7500/120000
  xlarge      4.166/16.66   3125/25000   15000/120000
  2xlarge     8.333/33.33   6250/25000   30000/120000
  4xlarge     16.666/33.33  12500/25000  60000/120000
  8xlarge     33.33         25000        120000
  12xlarge    50            37500        180000
  16xlarge    66.66         50000        240000
  24xlarge    100           75000        360000   cores=4:2
  32xlarge    133.33        100000       480000   cores=4:2 efa
  48xlarge    200           150000       720000   cores=6:3 efa
  96xlarge    400           300000       1440000  cores=12:6 if=24x64 cards=2 efa
  metal-48xl  200           150000       720000   efa
  metal-96xl  400           300000       1440000  if=24x64 cards=2 efa
`;

const sizesOfM8iFlex = `
  large     .468/12.5   315/10000   2500/40000
  xlarge    .937/12.5   630/10000   3600/40000    if=4x30
  2xlarge   1.875/15    1250/10000  6000/40000
  4xlarge   3.75/15     2500/10000  12000/40000
  8xlarge   7.5/15      5000/10000  20000/40000
  12xlarge  11.25/22.5  7500/15000  30000/60000
  16xlarge  15/30       10000/20000 40000/80000
`;

const sizesOfM8ine = `
  large     3.125   650/10000   3600/40000   if=4x20
  xlarge    6.25    1250/10000  6000/40000   if=4x30
  2xlarge   12.5    2500/10000  12000/40000  if=4x30
  4xlarge   25      5000/10000  20000/40000  if=8x50
  8xlarge   50      10000       40000        if=8x50
  12xlarge  75      15000       60000
`;

const sizesOfM8azn = `
  medium      2.08/25  625/15000    2500/60000
  large       4.17/25  1250/15000   5000/60000
  xlarge      8.33/25  2500/15000   10000/60000
  3xlarge     25       7500/15000   30000/60000  if=8x40
  6xlarge     50       15000        60000        if=8x40
  12xlarge    100      30000        120000       if=16x64 efa
  24xlarge    200      60000        240000       if=16x64 efa
  metal-12xl  100      30000        120000       if=16x64 efa
  metal-24xl  200      60000        240000       if=16x64 efa
`;

const disksOfM8g =
  "medium 1x59 large 1x118 xlarge 1x237 2xlarge 1x474 4xlarge 1x950 8xlarge 1x1900 12xlarge 3x950 16xlarge 2x1900 24xlarge 3x1900 48xlarge 6x1900 metal-24xl 3x1900 metal-48xl 6x1900";
const disksOfM8i =
  "large 1x118 xlarge 1x237 2xlarge 1x474 4xlarge 1x950 8xlarge 1x1900 12xlarge 1x2850 16xlarge 1x3800 24xlarge 2x2850 32xlarge 2x3800 48xlarge 3x3800 96xlarge 6x3800 metal-48xl 3x3800 metal-96xl 6x3800";

const turin = { ...lineages.nitro8wide, cores: "eighths" } as const;
const intel8 = { ...lineages.nitro8wide, features: ["nested-virtualization"] } as const;
const intel8n = { ...lineages.nitro8wide, precisionClock: false, bandwidthWeightings: false, enaSrdFromVcpus: 96 } as const;
const flex8 = { ...intel8, clusterPlacement: false, dedicatedHosts: false, enclaves: false } as const;

export const eighthGeneration: readonly FamilyRow[] = [
  { families: "c8a m8a r8a", processor: processors.turin, traits: turin, sizes: sizesOfM8a },
  {
    families: "m8azn",
    processor: { ...processors.turin, clockGhz: 5 },
    traits: { ...turin, cores: "sixths", precisionClock: false, bandwidthWeightings: false },
    sizes: sizesOfM8azn,
    approximate: "EBS bandwidth and IOPS, network peak, interfaces",
  },
  { families: "c8g m8g r8g", processor: processors.graviton4, traits: lineages.nitro8, sizes: sizesOfM8g },
  { families: "c8gd m8gd r8gd", processor: processors.graviton4, traits: lineages.nitro8, sizes: sizesOfM8g, disks: disksOfM8g },
  { families: "c8gn m8gn r8gn", processor: processors.graviton4, traits: lineages.nitro8n, sizes: sizesOfM8gn },
  { families: "c8gb m8gb r8gb", processor: processors.graviton4, traits: lineages.nitro8n, sizes: sizesOfM8gb, approximate: "network peak and EBS figures below 2xlarge" },
  { families: "c8i m8i r8i", processor: processors.graniteRapids, traits: intel8, sizes: sizesOfM8i },
  { families: "c8id m8id r8id", processor: processors.graniteRapids, traits: intel8, sizes: sizesOfM8i, disks: disksOfM8i },
  { families: "c8in m8in r8in", processor: processors.graniteRapids, traits: intel8n, sizes: sizesOfM8in, approximate: "EBS bandwidth and IOPS from 32xlarge on" },
  { families: "m8idn r8idn", processor: processors.graniteRapids, traits: intel8n, sizes: sizesOfM8in, disks: disksOfM8i, approximate: "EBS bandwidth and IOPS from 32xlarge on" },
  { families: "c8ib m8ib r8ib", processor: processors.graniteRapids, traits: intel8n, sizes: sizesOfM8ib, approximate: "network peak, EBS bandwidth and IOPS" },
  { families: "m8idb r8idb", processor: processors.graniteRapids, traits: intel8n, sizes: sizesOfM8ib, disks: disksOfM8i, approximate: "network peak, EBS bandwidth and IOPS" },
  { families: "c8i-flex m8i-flex r8i-flex", processor: processors.graniteRapids, traits: flex8, sizes: sizesOfM8iFlex, approximate: "EBS baseline from 12xlarge on" },
  {
    families: "c8ine m8ine",
    processor: processors.graniteRapids,
    traits: { ...intel8n, dedicatedHosts: false, hibernation: false, usageClasses: ["on-demand"] },
    sizes: sizesOfM8ine,
  },
  { families: "c9g m9g r9g", processor: processors.graviton5, traits: lineages.nitro8, sizes: sizesOfM9g, approximate: "network peak, EBS bandwidth and IOPS" },
  { families: "c9gd m9gd r9gd", processor: processors.graviton5, traits: lineages.nitro8, sizes: sizesOfM9g, disks: disksOfM8g, approximate: "network peak, EBS bandwidth and IOPS" },
];
