/** The processors of the families: what EC2 calls their maker, their architecture and sustained clock, and whether a vCPU is a thread or a core. */
import type { Architecture } from "./instance-type.ts";

export interface Processor {
  /** For people; EC2's document names the maker only. */
  readonly name: string;
  readonly manufacturer: string;
  readonly architectures: readonly Architecture[];
  readonly clockGhz?: number;
  readonly threadsPerCore: 1 | 2;
}

function intel(name: string, clockGhz?: number): Processor {
  return { name, manufacturer: "Intel", architectures: ["x86_64"], ...(clockGhz === undefined ? {} : { clockGhz }), threadsPerCore: 2 };
}

function amd(name: string, clockGhz: number, threadsPerCore: 1 | 2 = 2): Processor {
  return { name: `AMD ${name}`, manufacturer: "AMD", architectures: ["x86_64"], clockGhz, threadsPerCore };
}

function graviton(name: string, clockGhz: number): Processor {
  return { name: `AWS ${name}`, manufacturer: "AWS", architectures: ["arm64"], clockGhz, threadsPerCore: 1 };
}

function apple(name: string, clockGhz: number): Processor {
  return { name: `Apple ${name}`, manufacturer: "Apple", architectures: ["arm64_mac"], clockGhz, threadsPerCore: 1 };
}

export const processors = {
  intel,
  amd,
  graviton,
  apple,
  firstIntel: { ...intel("Intel Xeon"), threadsPerCore: 1 } as Processor,
  graviton1: graviton("Graviton", 2.3),
  graviton2: graviton("Graviton2", 2.5),
  graviton3: graviton("Graviton3", 2.6),
  graviton4: graviton("Graviton4", 2.8),
  graviton5: graviton("Graviton5", 3.3),
  skylake: intel("Intel Xeon Platinum 8175M (Skylake)", 3.1),
  cascadeLake: intel("Intel Xeon (Cascade Lake)", 2.5),
  iceLake: intel("Intel Xeon (Ice Lake)", 3.5),
  sapphireRapids: intel("Intel Xeon (Sapphire Rapids)", 3.2),
  graniteRapids: intel("Intel Xeon 6 (Granite Rapids)", 3.9),
  milan: amd("EPYC (Milan)", 3.6),
  genoa: amd("EPYC (Genoa)", 3.7, 1),
  turin: amd("EPYC (Turin)", 4.5, 1),
} as const;
