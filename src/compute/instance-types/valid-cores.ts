/** The numbers of cores that CpuOptions accepts. */
import type { Traits } from "./family-row.ts";

/** From this many cores on a machine is too large for one core. */
const manyCores = 96;

/** `given` is what the table says of this size. Undefined where the type offers no choice. */
export function validCores(traits: Traits, cores: number, given: { readonly from: number; readonly step: number } | undefined): readonly number[] | undefined {
  if (given !== undefined) return steps(given.from, cores, given.step);
  switch (traits.cores) {
    case "none":
      return undefined;
    case "every":
      return cores > manyCores ? steps(4, cores, 2) : steps(1, cores, 1);
    case "even":
      if (cores === 1 || (traits.hypervisor === "xen" && cores <= 8)) return steps(1, cores, 1);
      return steps(2, cores, 2);
    case "eighths":
      return parts(cores, 8);
    case "sixths":
      return parts(cores, 6);
  }
}

/** Processors of AMD since the 7th generation: within one part of the cores any number, then whole parts. */
function parts(cores: number, count: number): number[] {
  const part = Math.max(1, Math.floor(cores / count));
  const within = cores >= manyCores ? steps(4, part, 2) : steps(1, part, 1);
  return [...new Set([...within, ...steps(part, cores, part)])];
}

function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}
