/** Families with GPUs for graphics and inference: the G series (facts §3.3 to §3.5). */
import { lineages, type AcceleratorModel, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

function gpu(name: string, memoryMib: number, manufacturer = "NVIDIA"): AcceleratorModel {
  return { kind: "gpu", name, manufacturer, memoryMib };
}

const sizesOfG3 = `
  4xlarge   5/10  3500   20000  acc=1
  8xlarge   10    7000   40000  acc=2
  16xlarge  25    14000  80000  acc=4
`;

const sizesOfG4ad = `
  xlarge    2/10      400/3170   1700/13333  acc=1 if=2x4
  2xlarge   4.167/10  800/3170   3400/13333  acc=1 if=2x4
  4xlarge   8.333/10  1580/3170  6700/13333  acc=1 if=3x10
  8xlarge   15        3170       13333       acc=2 if=4x15
  16xlarge  25        6300       26667       acc=4 if=8x30
`;

const sizesOfG4dn = `
  xlarge    5/25   950/3500   3000/20000  acc=1 if=3x10
  2xlarge   10/25  1150/3500  6000/20000  acc=1 if=3x10
  4xlarge   20/25  4750       20000       acc=1 if=3x10
  8xlarge   50     9500       40000       acc=1 if=4x15 efa
  12xlarge  50     9500       40000       acc=4 if=8x30 efa
  16xlarge  50     9500       40000       acc=1 if=4x15 efa
  metal:96  100    19000      80000       acc=8 if=15x50 efa
`;

const sizesOfG5 = `
  xlarge    2.5/10  700/3500  3000/15000  acc=1
  2xlarge   5/10    850/3500  3500/15000  acc=1
  4xlarge   10/25   4750      20000       acc=1
  8xlarge   25      16000     65000       acc=1 efa
  12xlarge  40      16000     65000       acc=4 if=15x50 efa
  16xlarge  25      16000     65000       acc=1 if=8x30 efa
  24xlarge  50      19000     80000       acc=4 efa
  48xlarge  100     19000     80000       acc=8 if=7x50 efa
`;

const sizesOfG5g = `
  xlarge    1.25/10  1188/4750  6000/20000   acc=1
  2xlarge   2.5/10   2375/4750  12000/20000  acc=1
  4xlarge   5/10     4750       20000        acc=1
  8xlarge   12       9500       40000        acc=1
  16xlarge  25       19000      80000        acc=2
  metal:64  25       19000      80000        acc=2
`;

const sizesOfG6 = `
  xlarge    2.5/10  1000/5000  4000/20000  acc=1
  2xlarge   5/10    2000/5000  8000/20000  acc=1
  4xlarge   10/25   8000       32000       acc=1
  8xlarge   25      16000      64000       acc=1 efa
  12xlarge  40      20000      80000       acc=4 efa
  16xlarge  25      20000      80000       acc=1 efa
  24xlarge  50      30000      120000      acc=4 efa
  48xlarge  100     60000      240000      acc=8 efa
`;

const sizesOfG6e = `
  xlarge    2.5/20  1000/5000  4000/20000  acc=1
  2xlarge   5/20    2000/5000  8000/20000  acc=1
  4xlarge   20      8000       32000       acc=1
  8xlarge   25      16000      64000       acc=1 efa
  12xlarge  100     20000      80000       acc=4 if=10x30 cores=3:3 efa
  16xlarge  35      20000      80000       acc=1 efa
  24xlarge  200     30000      120000      acc=4 if=20x50 cards=2 efa
  48xlarge  400     60000      240000      acc=8 if=40x50 cards=4 efa
`;

const sizesOfG6f = `
  large    1.5/10  500/5000   2000/20000  acc=1 accmem=2861
  xlarge   2.5/10  1000/5000  4000/20000  acc=1 accmem=2861
  2xlarge  5/10    2000/5000  8000/20000  acc=1 accmem=5722
  4xlarge  10/25   8000       32000       acc=1 accmem=11444
`;

const sizesOfG7 = `
  2xlarge   40        5000/10000  20000/40000  acc=1
  4xlarge   80        8000        32000        acc=1
  8xlarge   100       16000       64000        acc=1 efa
  12xlarge  175       25000       100000       acc=2 efa
  24xlarge  350       50000       200000       acc=4 efa
  48xlarge  700       100000      400000       acc=8 efa
`;

const sizesOfG7e = `
  2xlarge   50    5000/10000  20000/40000  acc=1
  4xlarge   50    8000        32000        acc=1
  8xlarge   100   16000       64000        acc=1 efa
  12xlarge  400   25000       100000       acc=2 mem=524288 efa
  24xlarge  800   50000       200000       acc=4 mem=1048576 cards=2 if=16x50 efa
  48xlarge  1600  100000      400000       acc=8 mem=2097152 cards=4 if=32x50 efa
`;

const disksOfG6 = "xlarge 1x250 2xlarge 1x450 4xlarge 1x600 8xlarge 2x450 12xlarge 4x940 16xlarge 2x940 24xlarge 4x940 48xlarge 8x940";
const disksOfG7 = "2xlarge 1x1900 4xlarge 1x1900 8xlarge 1x1900 12xlarge 1x3800 24xlarge 2x3800 48xlarge 4x3800";

const l4 = gpu("L4", 22_888);
const g6 = { ...lineages.accelerated, attachments: "dedicated", enaQueues: "one a vCPU", cores: "every" } as const;
const g6Processor = processors.amd("EPYC 7R13 (Milan)", 3.4);
const g3 = processors.intel("Intel Xeon E5-2686 v4 (Broadwell)", 2.3);

export const graphicsFamilies: readonly FamilyRow[] = [
  { families: "g3", processor: g3, traits: lineages.xenEna, sizes: sizesOfG3, gibPerVcpu: 7.625, accelerator: gpu("M60", 8192), previous: "g3" },
  { families: "g3s", processor: g3, traits: lineages.xenEna, sizes: "xlarge 1.25/10 850 5000 acc=1", gibPerVcpu: 7.625, accelerator: gpu("M60", 8192), previous: "g3s" },
  {
    families: "g4ad",
    processor: processors.amd("EPYC (Rome)", 3),
    traits: { ...lineages.accelerated, uefi: false, nitroTpm: false, enclaves: false },
    sizes: sizesOfG4ad,
    gibPerVcpu: 4,
    disks: "xlarge 1x150 2xlarge 1x300 4xlarge 1x600 8xlarge 1x1200 16xlarge 2x1200",
    accelerator: gpu("Radeon Pro V520", 8192, "AMD"),
  },
  {
    families: "g4dn",
    processor: processors.cascadeLake,
    traits: { ...lineages.accelerated, dedicatedHosts: true },
    sizes: sizesOfG4dn,
    gibPerVcpu: 4,
    disks: "xlarge 1x125 2xlarge 1x225 4xlarge 1x225 8xlarge 1x900 12xlarge 1x900 16xlarge 1x900 metal 2x900",
    accelerator: gpu("T4", 16_384),
  },
  {
    families: "g5",
    processor: processors.amd("EPYC 7R32 (Rome)", 3.3),
    traits: lineages.accelerated,
    sizes: sizesOfG5,
    gibPerVcpu: 4,
    disks: "xlarge 1x250 2xlarge 1x450 4xlarge 1x600 8xlarge 1x900 12xlarge 1x3800 16xlarge 1x1900 24xlarge 1x3800 48xlarge 2x3800",
    accelerator: gpu("A10G", 22_888),
    previous: "g5",
  },
  {
    families: "g5g",
    processor: processors.graviton2,
    traits: { ...lineages.accelerated, encryptionInTransit: false, cores: "every" },
    sizes: sizesOfG5g,
    gibPerVcpu: 2,
    accelerator: gpu("T4g", 16_384),
  },
  { families: "g6", processor: g6Processor, traits: g6, sizes: sizesOfG6, gibPerVcpu: 4, disks: disksOfG6, accelerator: l4 },
  {
    families: "g6e",
    processor: g6Processor,
    traits: g6,
    sizes: sizesOfG6e,
    gibPerVcpu: 8,
    disks: "xlarge 1x250 2xlarge 1x450 4xlarge 1x600 8xlarge 2x450 12xlarge 2x1900 16xlarge 2x950 24xlarge 2x1900 48xlarge 4x1900",
    accelerator: gpu("L40S", 45_776),
  },
  {
    families: "g6f",
    processor: g6Processor,
    traits: g6,
    sizes: sizesOfG6f,
    gibPerVcpu: 4,
    disks: "large 1x120 xlarge 1x250 2xlarge 1x450 4xlarge 1x600",
    accelerator: { ...gpu("L4", 2861), kind: "partial gpu" },
    approximate: "EBS bandwidth and IOPS, disks",
  },
  {
    families: "gr6",
    processor: g6Processor,
    traits: g6,
    sizes: "4xlarge 10/25 8000 32000 acc=1\n8xlarge 25 16000 64000 acc=1 efa",
    gibPerVcpu: 8,
    disks: "4xlarge 1x600 8xlarge 2x450",
    accelerator: l4,
  },
  {
    families: "gr6f",
    processor: g6Processor,
    traits: g6,
    sizes: "4xlarge 10/25 8000 32000 acc=1 accmem=11444",
    gibPerVcpu: 8,
    disks: "4xlarge 1x600",
    accelerator: { ...gpu("L4", 11_444), kind: "partial gpu" },
  },
  {
    families: "g7",
    processor: processors.graniteRapids,
    traits: g6,
    sizes: sizesOfG7,
    gibPerVcpu: 4,
    disks: disksOfG7,
    accelerator: gpu("RTX PRO 4500", 32_768),
    approximate: "EBS bandwidth and IOPS, network cards, disks, EFA",
  },
  {
    families: "g7e",
    processor: processors.intel("Intel Xeon (Emerald Rapids)", 2.4),
    traits: g6,
    sizes: sizesOfG7e,
    gibPerVcpu: 8,
    disks: disksOfG7,
    accelerator: gpu("RTX PRO Server 6000", 98_304),
    approximate: "EBS bandwidth and IOPS, network cards, disks, EFA",
  },
];
