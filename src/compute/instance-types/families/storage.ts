/** Storage-optimised families (facts §3.3, §3.5, §3.6). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

const sizesOfD3 = `
  xlarge   3/15     850/2800   5000/15000   if=4x3
  2xlarge  6/15     1700/2800  10000/15000  if=4x5
  4xlarge  12.5/15  2800       15000        if=4x10
  8xlarge  25       5000       30000        if=3x20
`;

const sizesOfD3en = `
  xlarge    6/25     850/2800   5000/15000   if=4x3
  2xlarge   12.5/25  1700/2800  10000/15000  if=4x5
  4xlarge   25       2800       15000        if=4x10
  6xlarge   40       4000       25000        if=4x15
  8xlarge   50       5000       30000        if=4x20
  12xlarge  75       7000       40000        if=3x30
`;

const sizesOfH1 = `
  2xlarge   2.5/10  1750   12000
  4xlarge   5/10    3500   20000
  8xlarge   10      7000   40000
  16xlarge  25      14000  80000  if=8x30
`;

const sizesOfI3 = `
  large     .75/10   425    3000
  xlarge    1.25/10  850    6000
  2xlarge   2.5/10   1700   12000
  4xlarge   5/10     3500   16000
  8xlarge   10       7000   32500
  16xlarge  25       14000  65000
`;

const sizesOfI3en = `
  large     2.1/25   577/4750   3000/20000
  xlarge    4.2/25   1154/4750  6000/20000
  2xlarge   8.4/25   2307/4750  12000/20000
  3xlarge   12.5/25  3800/4750  15000/20000  if=4x15
  6xlarge   25       4750       20000
  12xlarge  50       9500       40000   efa
  24xlarge  100      19000      80000   cores=4 efa
  metal:96  100      19000      80000   efa
`;

const sizesOfI4i = `
  large      .781/10   625/10000   2500/40000
  xlarge     1.875/10  1250/10000  5000/40000
  2xlarge    4.687/12  2500/10000  10000/40000
  4xlarge    9.375/25  5000/10000  20000/40000
  8xlarge    18.75     10000       40000
  12xlarge   28.12     15000       60000
  16xlarge   37.5      20000       80000
  24xlarge   56.25     30000       120000  if=15x30
  32xlarge   75        40000       160000  efa
  metal:128  75        40000       160000  efa
`;

const sizesOfI4g = `
  large     .781/10   625/10000   2500/40000
  xlarge    1.875/10  1250/10000  5000/40000
  2xlarge   4.687/12  2500/10000  10000/40000
  4xlarge   9.375/25  5000/10000  20000/40000
  8xlarge   18.75     10000       40000
  16xlarge  37.5      20000       80000  efa
`;

const sizesOfI7i = `
  large       1.171/10  625/10000   2500/40000
  xlarge      2.343/10  1250/10000  5000/40000
  2xlarge     4.687/12  2500/10000  10000/40000
  4xlarge     9.375/25  5000/10000  20000/40000
  8xlarge     25        10000       40000
  12xlarge    28.12     15000       60000
  16xlarge    37.5      20000       80000
  24xlarge    56.25     30000       120000
  48xlarge    Up_to_100_Gigabit:100  60000  240000  efa
  metal-24xl  56.25     30000       120000 
  metal-48xl  Up_to_100_Gigabit:100  60000  240000  efa
`;

const sizesOfI8g = `
  large       1.172/10  625/10000   2500/40000
  xlarge      2.344/10  1250/10000  5000/40000
  2xlarge     4.688/12  2500/10000  10000/40000
  4xlarge     9.375/25  5000/10000  20000/40000
  8xlarge     Up_to_25_Gigabit:25    10000   40000
  12xlarge    28.12     15000       60000
  16xlarge    37.5      20000       80000
  24xlarge    56.25     30000       120000  efa
  48xlarge    Up_to_100_Gigabit:100  60000   240000  efa
  metal-24xl  56.25     30000       120000  efa
  metal-48xl  90        60000       240000  efa
`;

const sizesOfI7ie = `
  large       2.083/25  625/10000   2500/40000
  xlarge      4.166/25  1250/10000  5000/40000
  2xlarge     8.333/25  2500/10000  10000/40000
  3xlarge     12.5/25   3750/10000  15000/40000
  6xlarge     12.5/25   7500/10000  30000/40000
  12xlarge    25/50     15000       60000   if=8x50
  18xlarge    37.5/75   22500       90000
  24xlarge    50/100    30000       120000
  48xlarge    100       60000       240000  efa
  metal-24xl  50/100    30000       120000 
  metal-48xl  100       60000       240000  efa
`;

const sizesOfI8ge = `
  large       2.1/25  625/10000   2500/40000
  xlarge      4.2/25  1250/10000  5000/40000
  2xlarge     8.4/25  2500/10000  10000/40000
  3xlarge     12.5/25 3750/10000  15000/40000
  6xlarge     37.5    7500/10000  30000/40000
  12xlarge    75      15000       60000
  18xlarge    112.5   22500       90000
  24xlarge    150     30000       120000  efa
  48xlarge    180     60000       240000  efa
  metal-24xl  150     30000       120000  efa
  metal-48xl  180     60000       240000  efa
`;

const sizesOfIm4gn = `
  large     3.125/25  1250/10000  5000/40000
  xlarge    6.25/25   2500/10000  10000/40000
  2xlarge   12.5/25   5000/10000  20000/40000
  4xlarge   25        10000       40000
  8xlarge   50        20000       80000
  16xlarge  100       40000       160000  efa
`;

const sizesOfIs4gen = `
  medium   1.562/25  625/10000   2500/40000
  large    3.125/25  1250/10000  5000/40000
  xlarge   6.25/25   2500/10000  10000/40000
  2xlarge  12.5/25   5000/10000  20000/40000
  4xlarge  25        10000       40000
  8xlarge  50        20000       80000
`;

const disksOfI4 =
  "large 1x468 xlarge 1x937 2xlarge 1x1875 4xlarge 1x3750 8xlarge 2x3750 12xlarge 3x3750 16xlarge 4x3750 24xlarge 6x3750 32xlarge 8x3750 metal 8x3750 48xlarge 12x3750 metal-24xl 6x3750 metal-48xl 12x3750";
const disksOfI3en =
  "large 1x1250 xlarge 1x2500 2xlarge 2x2500 3xlarge 1x7500 6xlarge 2x7500 12xlarge 4x7500 18xlarge 6x7500 24xlarge 8x7500 metal 8x7500 48xlarge 16x7500 metal-24xl 8x7500 metal-48xl 16x7500";

const i3 = processors.intel("Intel Xeon E5-2686 v4 (Broadwell)", 2.3);
const gravitonStorage = { ...lineages.nitro6, cores: "every" } as const;
const disksOfI3 = "large 1x475 xlarge 1x950 2xlarge 1x1900 4xlarge 2x1900 8xlarge 4x1900 16xlarge 8x1900 metal 8x1900";

export const storageFamilies: readonly FamilyRow[] = [
  {
    families: "d3",
    processor: processors.intel("Intel Xeon (Cascade Lake)", 3.1),
    traits: { ...lineages.nitro6, hibernation: false },
    sizes: sizesOfD3,
    disks: "xlarge 3x1980 2xlarge 6x1980 4xlarge 12x1980 8xlarge 24x1980",
    diskType: "hdd",
    gibPerVcpu: 8,
  },
  {
    families: "d3en",
    processor: processors.intel("Intel Xeon (Cascade Lake)", 3.1),
    traits: { ...lineages.nitro6, hibernation: false },
    sizes: sizesOfD3en,
    disks: "xlarge 2x13980 2xlarge 4x13980 4xlarge 8x13980 6xlarge 12x13980 8xlarge 16x13980 12xlarge 24x13980",
    diskType: "hdd",
    gibPerVcpu: 4,
  },
  {
    families: "h1",
    processor: i3,
    traits: { ...lineages.xenEna, autoRecovery: false },
    sizes: sizesOfH1,
    disks: "2xlarge 1x2000 4xlarge 2x2000 8xlarge 4x2000 16xlarge 8x2000",
    diskType: "hdd",
    gibPerVcpu: 4,
  },
  { families: "i3", processor: i3, traits: { ...lineages.xenEna, hibernation: true, autoRecovery: false }, sizes: sizesOfI3, disks: disksOfI3, nvmeDisks: true, gibPerVcpu: 7.625 },
  // The one size of i3 that is not of the Xen era: 36 cores, all of them the guest's.
  { families: "i3", processor: i3, traits: lineages.nitro, sizes: "metal:72 25 19000 80000 mem=524288 if=15x50", disks: disksOfI3 },
  {
    families: "i3en",
    processor: processors.intel("Intel Xeon (Cascade Lake)", 3.1),
    traits: { ...lineages.nitro6 },
    sizes: sizesOfI3en,
    disks: disksOfI3en,
    gibPerVcpu: 8,
  },
  { families: "i4i", processor: processors.iceLake, traits: lineages.nitro6, sizes: sizesOfI4i, disks: disksOfI4, gibPerVcpu: 8 },
  { families: "i4g", processor: processors.graviton2, traits: gravitonStorage, sizes: sizesOfI4g, disks: disksOfI4, gibPerVcpu: 8 },
  { families: "i7i", processor: processors.intel("Intel Xeon (Emerald Rapids)", 2.4), traits: lineages.nitro7, sizes: sizesOfI7i, disks: disksOfI4, gibPerVcpu: 8 },
  { families: "i7ie", processor: processors.intel("Intel Xeon (Emerald Rapids)", 3.6), traits: lineages.nitro7, sizes: sizesOfI7ie, disks: disksOfI3en, gibPerVcpu: 8 },
  { families: "i8g", processor: processors.graviton4, traits: lineages.nitro7, sizes: sizesOfI8g, disks: disksOfI4, gibPerVcpu: 8, approximate: "EFA of 24xlarge and bare metal" },
  {
    families: "i8ge",
    processor: processors.graviton4,
    traits: lineages.nitro7,
    sizes: sizesOfI8ge,
    disks: disksOfI3en,
    gibPerVcpu: 8,
    approximate: "EBS bandwidth and IOPS, network peak, EFA",
  },
  {
    families: "im4gn",
    processor: processors.graviton2,
    traits: gravitonStorage,
    sizes: sizesOfIm4gn,
    disks: "large 1x937 xlarge 1x1875 2xlarge 1x3750 4xlarge 1x7500 8xlarge 2x7500 16xlarge 4x7500",
    gibPerVcpu: 4,
  },
  {
    families: "is4gen",
    processor: processors.graviton2,
    traits: gravitonStorage,
    sizes: sizesOfIs4gen,
    disks: "medium 1x937 large 1x1875 xlarge 1x3750 2xlarge 1x7500 4xlarge 2x7500 8xlarge 4x7500",
    gibPerVcpu: 6,
  },
];
