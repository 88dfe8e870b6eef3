/**
 * What a host remembers of a machine besides its specification. Written before the deed where the deed must not happen twice,
 * and after it where it must not be forgotten:
 *
 *   down ──begin──▶ starting ──▶ running ──▶ ending ──▶ down         `run` is raised by `begin`, before anything else of that run;
 *                      └──────────────────────▲                     an engine is started only in `starting`, after `plan` was written
 *
 * Whatever of the host a machine may hold stands in `disks` and `interfaces` before it is made, so that it can be given back.
 */
import type { InterfaceId } from "../../base/ids.ts";
import type { MachinePlan } from "../engine/engine.ts";
import type { EndCause } from "../protocol/report.ts";
import type { DiskSpecification, Virtualization } from "../protocol/specification.ts";
import { isRecord } from "./parse-page.ts";

export type Phase = "down" | "starting" | "running" | "ending";

export interface RunEnd {
  readonly cause: EndCause;
  readonly reason?: string;
}

export interface MachineRecord {
  readonly phase: Phase;
  /** The last run that was begun here, or called off before it began; 0: none. */
  readonly run: number;
  /** API reboots honoured in all; a start honours those asked for before it. */
  readonly reboots: number;
  readonly startedAt?: number;
  /** The guest was asked to shut down and will be powered off at this time. */
  readonly stopBy?: number;
  /** How the last run ended. */
  readonly end?: RunEnd;
  /** Why the last run could not be started. */
  readonly failure?: string;
  /** Ended because the whole installation went down, or the machine under it restarted: the same run begins again when it comes up. */
  readonly parked?: true;
  /** The start of the physical machine in which the run was begun; nothing that it started then lives in a later one. */
  readonly bootId?: string;
  /** What the engine was, or is about to be, started with, and what was plugged in since. */
  readonly plan?: MachinePlan;
  /** The generation that the running engine makes true. */
  readonly planGeneration?: number;
  /** The run's guest was running with all its interfaces connected, and was reported so. */
  readonly announced?: true;
  /** The guest's own system was heard in this run. */
  readonly reached?: true;
  /** Of the present run; the specification may already name another for the next. */
  readonly virtualization?: Virtualization;
  /** The last run left its local disks to the next, on this boot of the machine. */
  readonly keptInstanceStore?: true;
  readonly disks: readonly DiskSpecification[];
  readonly interfaces: readonly InterfaceId[];
}

export const freshRecord: MachineRecord = { phase: "down", run: 0, reboots: 0, disks: [], interfaces: [] };

/**
 * How an earlier agent's record reads now. An engine that died in an earlier start of the physical machine, with nothing decided since, died
 * with that machine: at an orderly shutdown engines are ended like everything else, and the agent may just have seen it.
 */
export function recordAfterBoot(record: MachineRecord, bootId: string): MachineRecord {
  const diedWithMachine = isOfEarlierBoot(record, bootId) && record.end?.cause === "engine" && record.failure === undefined;
  return diedWithMachine ? { ...record, parked: true } : record;
}

export function isOfEarlierBoot({ bootId: begunIn }: MachineRecord, bootId: string): boolean {
  return begunIn !== undefined && begunIn !== bootId;
}

/** What is left of a run when all of it was given back. */
export function downRecord({ run, reboots, startedAt, bootId, end, failure, parked }: MachineRecord, keptInstanceStore: boolean): MachineRecord {
  return {
    phase: "down",
    run,
    reboots,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(bootId === undefined ? {} : { bootId }),
    ...(end === undefined ? {} : { end }),
    ...(failure === undefined ? {} : { failure }),
    ...(parked === undefined ? {} : { parked }),
    ...(keptInstanceStore ? { keptInstanceStore } : {}),
    disks: [],
    interfaces: [],
  };
}

const formatVersion = 1;

export function formatRecord(record: MachineRecord): string {
  return JSON.stringify({ version: formatVersion, ...record });
}

/** Reads what this or an earlier version wrote. Throws when it was a later one: acting on half of it could start a guest twice. */
export function parseRecord(text: string): MachineRecord {
  const { version, ...stored }: { version?: unknown } = toObject(JSON.parse(text));
  if (typeof version !== "number" || version > formatVersion) throw new Error(`a machine's state has format ${String(version)}, which this version does not know`);
  return { ...freshRecord, ...stored };
}

function toObject(value: unknown): object {
  if (!isRecord(value)) throw new Error("a machine's state is no object");
  return value;
}
