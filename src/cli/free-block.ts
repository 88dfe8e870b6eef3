/** Finds an address block that the machine has no route to, so that a new network takes nothing away from it. */
import { readFileSync } from "node:fs";
import { cidrSize, cidrsOverlap, type Cidr } from "../base/ipv4.ts";

/** The underlay networks: the upper half of 198.18.0.0/15, whose lower half the public pools begin in. */
const underlays: Cidr = { base: 0xc6130000, prefix: 16 };
const underlayPrefix = 22;

/** A block for the installation's underlay network, the same for the same id unless the machine uses it already. */
export function chooseUnderlay(id: string, inUse: readonly Cidr[]): Cidr {
  const size = cidrSize({ base: 0, prefix: underlayPrefix });
  const count = cidrSize(underlays) / size;
  const first = Number.parseInt(id, 16) % count;
  for (let step = 0; step < count; step += 1) {
    const block: Cidr = { base: underlays.base + ((first + step) % count) * size, prefix: underlayPrefix };
    if (!inUse.some((other) => cidrsOverlap(block, other))) return block;
  }
  throw new Error("every underlay network is in use on this machine");
}

export interface Route extends Cidr {
  readonly device: string;
}

/** The machine's main routing table, the default route left out. */
export function readRoutes(): readonly Route[] {
  return parseRoutes(readFileSync("/proc/net/route", "utf8"));
}

/** Parses /proc/net/route, whose numbers are little-endian hexadecimal. */
export function parseRoutes(table: string): readonly Route[] {
  return table
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .map((fields) => ({ device: fields[0] ?? "", base: littleEndian(fields[1] ?? "0"), prefix: littleEndian(fields[7] ?? "0").toString(2).replaceAll("0", "").length }))
    .filter((route) => route.prefix > 0);
}

function littleEndian(hex: string): number {
  return Number.parseInt((hex.padStart(8, "0").match(/../g) ?? []).toReversed().join(""), 16);
}
