/**
 * The facts of one machine as the control plane hears them: pure. Undefined: nothing to say now, as while the engine is being looked
 * for, or when a machine is down only because the whole installation is.
 *
 * The generation is the specification's, but for a running machine the one that its engine and devices make true: a control plane
 * that sees its own newest generation knows that what it asked to attach is attached.
 */
import type { DiskReport, MachineReport } from "../protocol/report.ts";
import { isLostWithHost, type MachineView } from "./decide-machine.ts";

export type ReportView = Pick<MachineView, "specification" | "record" | "engine"> & {
  /** Disks and interfaces whose last hot-plug failed; `postponed` only until it is tried again. */
  readonly troubled: ReadonlySet<string>;
  /** Whether the guest answered when it was last asked in this run. */
  readonly answers?: boolean;
};

export function reportMachine({ specification, record, engine, troubled, answers }: ReportView): MachineReport | undefined {
  if (record.parked && !isLostWithHost({ specification, record })) return undefined;
  const { id, generation } = specification;
  const { run, reboots, startedAt, end, failure } = record;
  const facts = { kind: "machine", id, generation, run, reboots, ...(startedAt === undefined ? {} : { startedAt }) } as const;
  switch (record.phase) {
    case "starting":
      return { ...facts, state: "preparing" };
    case "running":
      if (record.stopBy !== undefined) return { ...facts, state: "stopping" };
      if (engine !== "alive") return undefined;
      if (!record.announced) return { ...facts, state: "preparing" };
      return { ...facts, generation: record.planGeneration ?? generation, state: "running", ...(record.reached === true ? { reached: true, ...(answers === undefined ? {} : { answers }) } : {}), disks: reportDisks(specification, record, troubled), accepted: generation };
    case "ending":
      return failure === undefined ? { ...facts, state: "stopping" } : undefined;
    case "down":
      if (isLostWithHost({ specification, record })) return { ...facts, state: "stopped", cause: "engine", reason: "The host went down, and the root disk was one of its own" };
      if (specification.want === "absent" || run < specification.run) return undefined; // more is about to happen
      return failure === undefined || specification.want === "stopped" ? { ...facts, state: "stopped", ...end } : { ...facts, state: "failed", reason: failure };
  }
}

/** What was tried last and did not work is `busy` where the guest should give it back, and `failed` where it should get it. */
function reportDisks({ disks: wanted }: ReportView["specification"], { plan, disks: held }: ReportView["record"], troubled: ReportView["troubled"]): DiskReport[] {
  const plugged = new Set(plan?.disks.map(({ volume }) => volume));
  return held.flatMap(({ volume, endpoint: { exportName } }): DiskReport[] => {
    const stays = wanted.some((disk) => disk.volume === volume && disk.endpoint.exportName === exportName);
    if (plugged.has(volume)) return [{ volume, exportName, state: !stays && troubled.has(volume) ? "busy" : "attached" }];
    return stays && troubled.has(volume) ? [{ volume, exportName, state: "failed" }] : [];
  });
}
