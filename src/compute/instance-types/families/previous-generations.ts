/** Families of the Xen era: paravirtual guests, local disks that are mapped, networks named in words (facts §3.3, §3.5, §3.6, §6.1). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

const sizesOfM1 = `
  small   Low:.3/1.2       -     -     mem=1740   if=2x4 i386
  medium  Moderate:.3/1.2  -     -     mem=3788   if=2x6 i386
  large   Moderate:.7/2.8  500   4000
  xlarge  High:1/10        1000  8000
`;

const sizesOfM2 = `
  xlarge:2   Moderate:.3/1.2  -     -     mem=17510  if=4x15
  2xlarge:4  Moderate:.7/2.8  500   4000  mem=35020  if=4x30
  4xlarge:8  High:1/10        1000  8000  mem=70041  if=8x30
`;

const sizesOfC1 = `
  medium:2  Moderate:.3/1.2  -     -     mem=1740  if=2x6 i386
  xlarge:8  High:1/10        1000  8000  mem=7168  if=4x15
`;

const sizesOfM3 = `
  medium   Moderate:.3/1.2  -     -     if=2x6
  large    Moderate:.7/2.8  -     -
  xlarge   High:1/10        500   4000
  2xlarge  High:1/10        1000  8000  if=4x30
`;

const sizesOfC3 = `
  large    Moderate:.5/1.2  -     -      i386
  xlarge   Moderate:.7/10   500   4000
  2xlarge  High:1/10        1000  8000
  4xlarge  High:2/10        2000  16000
  8xlarge  10_Gigabit:5/10  -     -
`;

const sizesOfR3 = `
  large    Moderate:.5/1.2  -     -      mem=15360
  xlarge   Moderate:.7/2.8  500   4000   mem=31232
  2xlarge  High:1/10        1000  8000   mem=62464
  4xlarge  High:2/10        2000  16000  mem=124928
  8xlarge  10_Gigabit:5/10  -     -      mem=249856
`;

const sizesOfI2 = `
  xlarge   Moderate:.7/2.8  500   4000   mem=31232
  2xlarge  High:1/10        1000  8000   mem=62464
  4xlarge  High:2/10        2000  16000  mem=124928
  8xlarge  10_Gigabit:5/10  -     -      mem=249856
`;

const sizesOfD2 = `
  xlarge      Moderate:1.25/2.5  750   6000   mem=31232
  2xlarge     High:2.5/10        1000  8000   mem=62464
  4xlarge     High:5/10          2000  16000  mem=124928
  8xlarge:36  10                 4000  32000  mem=249856
`;

const sizesOfC4 = `
  large       Moderate:.62/2.5  500   4000   mem=3840
  xlarge      High:1.25/5       750   6000   mem=7680
  2xlarge     High:2.5/10       1000  8000   mem=15360
  4xlarge     High:5/10         2000  16000  mem=30720
  8xlarge:36  10                4000  32000  mem=61440
`;

const sizesOfM4 = `
  large     Moderate:.45/1.2  450    3600  if=2x10
  xlarge    High:.75/2.5      750    6000
  2xlarge   High:1/5          1000   8000
  4xlarge   High:2/10         2000   16000
  10xlarge  10                4000   32000
  16xlarge  25                10000  65000  if=8x30 ena
`;

const sizesOfR4 = `
  large     .75/10   425    3000
  xlarge    1.25/10  850    6000
  2xlarge   2.5/10   1700   12000
  4xlarge   5/10     3500   18750
  8xlarge   10       7000   37500
  16xlarge  25       14000  75000
`;

const disksOfC3 = "large 2x16 xlarge 2x40 2xlarge 2x80 4xlarge 2x160 8xlarge 2x320";

export const previousGenerations: readonly FamilyRow[] = [
  {
    families: "m1",
    processor: processors.firstIntel,
    traits: lineages.firstXen,
    sizes: sizesOfM1,
    gibPerVcpu: 3.75,
    disks: "small 1x160 medium 1x410 large 2x420 xlarge 4x420",
    diskType: "hdd",
    previous: "m1",
  },
  {
    families: "m2",
    processor: processors.firstIntel,
    traits: lineages.firstXen,
    sizes: sizesOfM2,
    disks: "xlarge 1x420 2xlarge 1x850 4xlarge 2x840",
    diskType: "hdd",
    previous: "m2",
    approximate: "network baseline",
  },
  {
    families: "c1",
    processor: processors.firstIntel,
    traits: lineages.firstXen,
    sizes: sizesOfC1,
    disks: "medium 1x350 xlarge 4x420",
    diskType: "hdd",
    previous: "c1",
  },
  {
    families: "m3",
    processor: processors.intel("Intel Xeon E5-2670 v2 (Ivy Bridge)", 2.5),
    traits: { ...lineages.firstXen, dedicatedHosts: true, autoRecovery: true, hibernation: true, cores: "even" },
    sizes: sizesOfM3,
    gibPerVcpu: 3.75,
    disks: "medium 1x4 large 1x32 xlarge 2x40 2xlarge 2x80",
    previous: "m3",
  },
  {
    families: "c3",
    processor: processors.intel("Intel Xeon E5-2680 v2 (Ivy Bridge)", 2.8),
    traits: { ...lineages.xenVf, paravirtual: true, hibernation: true },
    sizes: sizesOfC3,
    gibPerVcpu: 1.875,
    disks: disksOfC3,
    previous: "c3",
  },
  {
    families: "r3",
    processor: processors.intel("Intel Xeon E5-2670 v2 (Ivy Bridge)", 2.5),
    traits: { ...lineages.xenVf, hibernation: true },
    sizes: sizesOfR3,
    disks: "large 1x32 xlarge 1x80 2xlarge 1x160 4xlarge 1x320 8xlarge 2x320",
    previous: "r3",
  },
  {
    families: "i2",
    processor: processors.intel("Intel Xeon E5-2670 v2 (Ivy Bridge)", 2.5),
    traits: { ...lineages.xenVf, autoRecovery: false },
    sizes: sizesOfI2,
    disks: "xlarge 1x800 2xlarge 2x800 4xlarge 4x800 8xlarge 8x800",
    previous: "i2",
  },
  {
    families: "d2",
    processor: processors.intel("Intel Xeon E5-2676 v3 (Haswell)", 2.4),
    traits: { ...lineages.xenVf, attachments: "xen 40", autoRecovery: false },
    sizes: sizesOfD2,
    disks: "xlarge 3x2048 2xlarge 6x2048 4xlarge 12x2048 8xlarge 24x2048",
    diskType: "hdd",
    previous: "d2",
    approximate: "network of xlarge",
  },
  {
    families: "c4",
    processor: processors.intel("Intel Xeon E5-2666 v3 (Haswell)", 2.9),
    traits: { ...lineages.xen, intelVf: true, hibernation: true },
    sizes: sizesOfC4,
    previous: "c4",
    approximate: "network baseline",
  },
  {
    families: "m4",
    processor: processors.intel("Intel Xeon E5-2676 v3 (Haswell)", 2.4),
    traits: { ...lineages.xen, intelVf: true, hibernation: true },
    sizes: sizesOfM4,
    previous: "m4",
    approximate: "network baseline",
  },
  {
    families: "r4",
    processor: processors.intel("Intel Xeon E5-2686 v4 (Broadwell)", 2.3),
    traits: { ...lineages.xenEna, hibernation: true },
    sizes: sizesOfR4,
    gibPerVcpu: 7.625,
    previous: "r4",
  },
];
