/** Families with accelerators for training and inference, with FPGAs and with media accelerators (facts §3.3 to §3.5). */
import { lineages, type AcceleratorModel, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";

function nvidia(name: string, memoryMib: number): AcceleratorModel {
  return { kind: "gpu", name, manufacturer: "NVIDIA", memoryMib };
}

function neuron(name: string, memoryMib: number, count: number, version: number): AcceleratorModel {
  return { kind: "neuron", name, manufacturer: "AWS", memoryMib, cores: { count, version } };
}

const { accelerated } = lineages;
const large = { ...accelerated, attachments: "dedicated", enaQueues: "one a vCPU", cores: "even", usageClasses: ["capacity-block", "on-demand", "spot"] } as const;
const capacityBlocks = { ...accelerated, usageClasses: ["capacity-block", "on-demand", "spot"] } as const;
const broadwell = processors.intel("Intel Xeon E5-2686 v4 (Broadwell)", 2.3);
const skylake = processors.intel("Intel Xeon Platinum 8175M (Skylake)", 2.5);
const sapphireRapids = processors.intel("Intel Xeon (Sapphire Rapids)", 2.4);

const p4 = {
  processor: processors.intel("Intel Xeon Platinum 8275CL (Cascade Lake)", 3),
  traits: { ...capacityBlocks, attachments: "dedicated", uefi: false },
  sizes: "24xlarge 4x100 19000 80000 acc=8 if=60x50 cores=4 att=28 efa",
  gibPerVcpu: 12,
  disks: "24xlarge 8x1000",
} as const; // keeps the literals

const sizesOfP2 = `
  xlarge    High:1.25/10  750    6000   acc=1
  8xlarge   10            5000   32500  acc=8
  16xlarge  25            10000  65000  acc=16 if=8x30
`;

const sizesOfP3 = `
  2xlarge   2.5/10  1750   10000  acc=1
  8xlarge   10      7000   40000  acc=4
  16xlarge  25      14000  80000  acc=8 if=8x30
`;

const sizesOfInf1 = `
  xlarge    5/25  1190/4750  4000/20000  acc=1 if=4x10
  2xlarge   5/25  1190/4750  6000/20000  acc=1 if=4x10
  6xlarge   25    4750       20000       acc=4
  24xlarge  100   19000      80000       acc=16 if=11x30 cores=4 efa
`;

const sizesOfInf2 = `
  xlarge    2.083/15   1250/10000  6000/40000  acc=1
  8xlarge   16.667/25  10000       40000       acc=1
  24xlarge  50         30000       120000      acc=6
  48xlarge  100        60000       240000      acc=12
`;

const sizesOfTrn1 = `
  2xlarge   3.125/12.5  5000/20000  16250/65000  acc=1
  32xlarge  8x100       80000       260000       acc=16 if=40x50 att=28 efa
`;

const sizesOfTrn2 = `
  3xlarge   200     5000   20000   acc=1 efa
  48xlarge  16x200  80000  260000  acc=16 if=32x50 mem=2097152 efa
`;

const sizesOfVt1 = `
  3xlarge   3.12/25  2375/4750  10000/20000  acc=2
  6xlarge   6.25/25  4750       20000        acc=4
  24xlarge  25       19000      80000        acc=16 efa
`;

const sizesOfF1 = `
  2xlarge   2.5/10  1700   12000  acc=1
  4xlarge   5/10    3500   44000  acc=2
  16xlarge  25      14000  75000  acc=8
`;

const sizesOfF2 = `
  6xlarge   12.5  7500   30000   acc=1
  12xlarge  25    15000  60000   acc=2
  48xlarge  100   60000  240000  acc=8
`;

export const acceleratedFamilies: readonly FamilyRow[] = [
  { families: "p2", processor: broadwell, traits: lineages.xenEna, sizes: sizesOfP2, gibPerVcpu: 15.25, accelerator: nvidia("K80", 12_288), previous: "p2", approximate: "network baseline" },
  { families: "p3", processor: broadwell, traits: lineages.xenEna, sizes: sizesOfP3, gibPerVcpu: 7.625, accelerator: nvidia("V100", 16_384), previous: "p3" },
  {
    families: "p3dn",
    processor: skylake,
    traits: accelerated,
    sizes: "24xlarge 100 19000 80000 acc=8 cores=4 efa",
    gibPerVcpu: 8,
    disks: "24xlarge 2x900",
    accelerator: nvidia("V100", 32_768),
  },
  { ...p4, families: "p4d", accelerator: nvidia("A100", 40_960) },
  { ...p4, families: "p4de", accelerator: nvidia("A100", 81_920) },
  {
    families: "p5",
    processor: processors.milan,
    traits: large,
    sizes: "4xlarge 100 10000 32500 acc=1 mem=262144 efa\n48xlarge 3200 80000 260000 acc=8 mem=2097152 cards=32 if=64x50 cores=4 efa",
    disks: "4xlarge 1x3840 48xlarge 8x3840",
    accelerator: nvidia("H100", 81_920),
    approximate: "EBS bandwidth and IOPS of 4xlarge",
  },
  {
    families: "p5e",
    processor: processors.milan,
    traits: large,
    sizes: "48xlarge 3200 80000 260000 acc=8 mem=2097152 cards=32 if=64x50 cores=4 efa",
    disks: "48xlarge 8x3840",
    accelerator: nvidia("H200", 144_384),
  },
  {
    families: "p5en",
    processor: sapphireRapids,
    traits: large,
    sizes: "48xlarge 3200 100000 400000 acc=8 mem=2097152 cards=16 if=64x50 cores=4 efa",
    disks: "48xlarge 8x3840",
    accelerator: nvidia("H200", 144_384),
  },
  {
    families: "p6-b200",
    processor: processors.intel("Intel Xeon (Emerald Rapids)", 2.4),
    traits: { ...large, precisionClock: true },
    sizes: "48xlarge 3200 100000 400000 acc=8 mem=2097152 cards=8 if=32x50 cores=4 efa",
    disks: "48xlarge 8x3840",
    accelerator: nvidia("B200", 183_359),
    approximate: "EBS bandwidth and IOPS",
  },
  {
    families: "p6-b300",
    processor: processors.intel("Intel Xeon (Emerald Rapids)", 2.4),
    traits: { ...large, precisionClock: true },
    sizes: "48xlarge 6400 100000 400000 acc=8 mem=4194304 cards=17 if=68x50 cores=4 efa=16",
    disks: "48xlarge 8x3840",
    accelerator: nvidia("B300", 275_040),
    approximate: "EBS bandwidth and IOPS",
  },
  {
    families: "trn1",
    processor: processors.iceLake,
    traits: { ...capacityBlocks, dedicatedHosts: true, uefi: false, nitroTpm: false, enclaves: false },
    sizes: sizesOfTrn1,
    gibPerVcpu: 4,
    disks: "2xlarge 1x474 32xlarge 4x1900",
    accelerator: neuron("Trainium", 32_768, 2, 2),
  },
  {
    families: "trn1n",
    processor: processors.iceLake,
    traits: accelerated,
    sizes: "32xlarge 16x100 80000 260000 acc=16 if=80x50 efa",
    gibPerVcpu: 4,
    disks: "32xlarge 4x1900",
    accelerator: neuron("Trainium", 32_768, 2, 2),
  },
  {
    families: "trn2",
    processor: processors.intel("Intel Xeon (Sapphire Rapids)", 3.5),
    traits: large,
    sizes: sizesOfTrn2,
    gibPerVcpu: 128 / 12,
    disks: "3xlarge 1x474 48xlarge 4x1900",
    // What EC2 gives of 3xlarge is its share of a machine.
    accelerator: neuron("Trainium2", 524_288, 8, 3),
    approximate: "EBS bandwidth and IOPS and disk of 3xlarge",
  },
  { families: "inf1", processor: processors.cascadeLake, traits: accelerated, sizes: sizesOfInf1, gibPerVcpu: 2, accelerator: neuron("Inferentia", 8192, 4, 1) },
  { families: "inf2", processor: processors.milan, traits: accelerated, sizes: sizesOfInf2, gibPerVcpu: 4, accelerator: neuron("Inferentia2", 32_768, 2, 2) },
  {
    families: "dl1",
    processor: processors.intel("Intel Xeon Platinum 8275CL (Cascade Lake)", 3),
    traits: { ...accelerated, uefi: false },
    sizes: "24xlarge 4x100 19000 80000 acc=8 if=60x50 cores=4 efa",
    gibPerVcpu: 8,
    disks: "24xlarge 4x1000",
    accelerator: { kind: "gpu", name: "Gaudi HL-205", manufacturer: "Habana", memoryMib: 32_768 },
  },
  {
    families: "dl2q",
    processor: processors.cascadeLake,
    traits: accelerated,
    sizes: "24xlarge 100 19000 80000 acc=8 cores=4 efa",
    gibPerVcpu: 8,
    accelerator: { kind: "gpu", name: "AI100", manufacturer: "Qualcomm", memoryMib: 16_384 },
  },
  {
    families: "f1",
    processor: broadwell,
    traits: { ...lineages.xenEna, autoRecovery: false },
    sizes: sizesOfF1,
    gibPerVcpu: 15.25,
    disks: "2xlarge 1x470 4xlarge 1x940 16xlarge 4x940",
    nvmeDisks: true,
    accelerator: { kind: "fpga", name: "Virtex UltraScale (VU9P)", manufacturer: "Xilinx", memoryMib: 65_536 },
    previous: "f1",
  },
  {
    families: "f2",
    processor: processors.amd("EPYC (Milan)", 3.4),
    traits: { ...accelerated, attachments: "dedicated", enaQueues: "one a vCPU" },
    sizes: sizesOfF2,
    gibPerVcpu: 32 / 3,
    disks: "6xlarge 1x940 12xlarge 2x940 48xlarge 8x940",
    accelerator: { kind: "fpga", name: "Virtex UltraScale+ (VU47P)", manufacturer: "AMD", memoryMib: 81_920 },
    approximate: "EBS bandwidth and IOPS",
  },
  {
    families: "vt1",
    processor: processors.cascadeLake,
    traits: { ...accelerated, uefi: false, nitroTpm: false, enclaves: false },
    sizes: sizesOfVt1,
    gibPerVcpu: 2,
    accelerator: { kind: "media", name: "U30", manufacturer: "Xilinx", memoryMib: 24_576 },
  },
];
