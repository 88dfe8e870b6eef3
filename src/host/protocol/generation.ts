/**
 * The fence: which of two specifications of the same thing a host may act on. Pure, and the same for machines, volumes and VPCs.
 *
 *   incoming generation   host has it      host has a tombstone
 *   lower                 stale            stale
 *   equal, same content   known            stale
 *   equal, other content  conflict         stale
 *   higher                take             take
 *
 * Generations only rise in a thing's life, on whichever host it lives. So a stopped machine whose remains were removed may be started
 * again on the same host, and a specification that was on its way before the removal may not bring it back.
 */
import type { Specification } from "./specification.ts";

export type Acceptance = "take" | "known" | "stale" | "conflict";

/** What a host still knows of a thing that it removed. */
export interface Tombstone {
  readonly generation: number;
}

/** Whether a host that holds `current` (or removed the thing and kept `tombstone`) acts on `incoming`. */
export function acceptSpecification(
  current: Specification | undefined,
  tombstone: Tombstone | undefined,
  incoming: Specification,
): Acceptance {
  if (tombstone !== undefined && incoming.generation <= tombstone.generation) return "stale";
  if (current === undefined || incoming.generation > current.generation) return "take";
  if (incoming.generation < current.generation) return "stale";
  return canonicalJson(incoming) === canonicalJson(current) ? "known" : "conflict";
}

/** The same text for the same content, whatever the order of the fields. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
