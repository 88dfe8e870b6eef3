/** General-purpose, compute and memory families of the 6th generation (facts §3.3, §3.5, §3.6). */
import { lineages, type FamilyRow } from "../family-row.ts";
import { processors } from "../processors.ts";
import { largeTo24xlarge } from "./ladders.ts";

const sizesOfM6i = `
  ${largeTo24xlarge}
  32xlarge   50          40000       160000  efa
  metal:128  50          40000       160000  efa
`;

const sizesOfM6a = `
  ${largeTo24xlarge}
  32xlarge   50          40000       160000
  48xlarge   50          40000       240000  efa
  metal:192  50          40000       240000  efa
`;

const sizesOfM6in = `
  large      3.125/25  1562/25000   6250/100000
  xlarge     6.25/30   3125/25000   12500/100000
  2xlarge    12.5/40   6250/25000   25000/100000
  4xlarge    25/50     12500/25000  50000/100000
  8xlarge    50        25000        100000
  12xlarge   75        37500        150000
  16xlarge   100       50000        200000
  24xlarge   150       75000        300000
  32xlarge   200       100000       400000  if=16x50 cards=2 efa
  metal:128  200       100000       400000  if=16x50 cards=2 efa
`;

const sizesOfM6g = `
  medium    .5/10    315/4750   2500/20000
  large     .75/10   630/4750   3600/20000
  xlarge    1.25/10  1188/4750  6000/20000
  2xlarge   2.5/10   2375/4750  12000/20000
  4xlarge   5/10     4750       20000
  8xlarge   12       9500       40000
  12xlarge  20       14250      50000
  16xlarge  25       19000      80000
  metal:64  25       19000      80000
`;

const sizesOfC6gn = `
  medium    1.6/16  760/9500   2500/40000
  large     3/25    1235/9500  5000/40000
  xlarge    6.3/25  1900/9500  10000/40000
  2xlarge   12.5/25 4750/9500  20000/40000
  4xlarge   25      9500       40000
  8xlarge   50      19000      80000
  12xlarge  75      28500      120000
  16xlarge  100     38000      160000  efa
`;

export const disksOfM6i =
  "large 1x118 xlarge 1x237 2xlarge 1x474 4xlarge 1x950 8xlarge 1x1900 12xlarge 2x1425 16xlarge 2x1900 24xlarge 4x1425 32xlarge 4x1900 metal 4x1900";
export const disksOfM6g = "medium 1x59 large 1x118 xlarge 1x237 2xlarge 1x474 4xlarge 1x950 8xlarge 1x1900 12xlarge 2x1425 16xlarge 2x1900 metal 2x1900";

const graviton2 = { ...lineages.nitro5, cores: "every" } as const;

export const sixthGeneration: readonly FamilyRow[] = [
  { families: "c6i m6i r6i", processor: processors.iceLake, traits: lineages.nitro6, sizes: sizesOfM6i, previous: "m6i r6i" },
  { families: "c6id m6id r6id", processor: processors.iceLake, traits: lineages.nitro6, sizes: sizesOfM6i, disks: disksOfM6i },
  { families: "c6in m6in r6in", processor: processors.iceLake, traits: lineages.nitro6n, sizes: sizesOfM6in },
  { families: "m6idn r6idn", processor: processors.iceLake, traits: lineages.nitro6n, sizes: sizesOfM6in, disks: disksOfM6i },
  { families: "c6a m6a r6a", processor: processors.milan, traits: lineages.nitro6, sizes: sizesOfM6a, approximate: "core counts" },
  { families: "c6g m6g r6g", processor: processors.graviton2, traits: graviton2, sizes: sizesOfM6g },
  { families: "c6gd m6gd r6gd", processor: processors.graviton2, traits: graviton2, sizes: sizesOfM6g, disks: disksOfM6g },
  { families: "c6gn", processor: processors.graviton2, traits: { ...graviton2, encryptionInTransit: true }, sizes: sizesOfC6gn, previous: "c6gn" },
];
