/**
 * The facts of one machine as the control plane hears them: pure. Undefined: nothing to say now, as while the engine is being looked
 * for, or when a machine is down only because the whole installation is.
 *
 * The generation is the specification's, but for a running machine the one that its engine and devices make true: a control plane
 * that sees its own newest generation knows that what it asked to attach is attached.
 */
import type { MachineReport } from "../protocol/report.ts";
import type { MachineView } from "./decide-machine.ts";

export function reportMachine({ specification, record, engine }: Pick<MachineView, "specification" | "record" | "engine">): MachineReport | undefined {
  if (record.parked) return undefined;
  const { id, generation } = specification;
  const { run, reboots, startedAt, end, failure } = record;
  const facts = { kind: "machine", id, generation, run, reboots, ...(startedAt === undefined ? {} : { startedAt }) } as const;
  switch (record.phase) {
    case "starting":
      return { ...facts, state: "preparing" };
    case "running":
      if (record.stopBy !== undefined) return { ...facts, state: "stopping" };
      if (engine !== "alive") return undefined;
      return record.announced ? { ...facts, generation: record.planGeneration ?? generation, state: "running" } : { ...facts, state: "preparing" };
    case "ending":
      return failure === undefined ? { ...facts, state: "stopping" } : undefined;
    case "down":
      if (specification.want === "absent" || run < specification.run) return undefined; // more is about to happen
      return failure === undefined || specification.want === "stopped" ? { ...facts, state: "stopped", ...end } : { ...facts, state: "failed", reason: failure };
  }
}
