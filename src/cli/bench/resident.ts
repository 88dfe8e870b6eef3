/** The memory of an installation's own processes, by their kind. */
import { readFileSync } from "node:fs";
import type { Component } from "../component.ts";
import { findComponents } from "../processes.ts";

/** In MiB, of those that live now. */
export function residentMib(dataDirectory: string): Readonly<Partial<Record<Component["kind"], number>>> {
  const sums: Partial<Record<Component["kind"], number>> = {};
  for (const { pid, component } of findComponents(dataDirectory)) {
    const resident = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
    sums[component.kind] = (sums[component.kind] ?? 0) + resident;
  }
  return sums;
}
