/** Agents' messages are parsed before they are believed: a wrong one is refused whole and names its first fault. */
import { virtualizations } from "../../host/protocol/specification.ts";
import type { HostArrival, ReportBatch } from "../../host/protocol/exchange.ts";
import type { EngineAvailability, HostDescription, MachineReport, Report, VolumeReport } from "../../host/protocol/report.ts";

export class MessageError extends Error {
  override readonly name = "MessageError";
}

type Fields = Readonly<Record<string, unknown>>;

export function parseArrival(value: unknown): HostArrival {
  const fields = asFields(value, "arrival");
  return { incarnation: asNumber(fields["incarnation"], "incarnation"), description: parseDescription(fields["description"]) };
}

export function parseReportBatch(value: unknown): ReportBatch {
  const fields = asFields(value, "batch");
  if (!Array.isArray(fields["reports"])) throw new MessageError("reports is not a list");
  return { incarnation: asNumber(fields["incarnation"], "incarnation"), reports: fields["reports"].map(parseReport) };
}

function parseReport(value: unknown): Report {
  const fields = asFields(value, "report");
  const id = asText(fields["id"], "id");
  const generation = asNumber(fields["generation"], "generation");
  const reason = fields["reason"] === undefined ? {} : { reason: asText(fields["reason"], "reason") };
  if (fields["kind"] === "volume") {
    const state = asOneOf(fields["state"], ["creating", "available", "absent", "failed"] as const, "state");
    return { kind: "volume", id: id as VolumeReport["id"], generation, state, ...reason }; // compared with rows' ids, never trusted
  }
  if (fields["kind"] !== "machine") throw new MessageError("a report's kind is neither machine nor volume");
  return {
    kind: "machine",
    id: id as MachineReport["id"], // compared with rows' ids, never trusted
    generation,
    run: asNumber(fields["run"], "run"),
    state: asOneOf(fields["state"], ["preparing", "running", "stopping", "stopped", "absent", "failed"] as const, "state"),
    ...(fields["cause"] === undefined ? {} : { cause: asOneOf(fields["cause"], ["requested", "guest", "engine"] as const, "cause") }),
    ...reason,
    reboots: asNumber(fields["reboots"], "reboots"),
    ...(fields["startedAt"] === undefined ? {} : { startedAt: asNumber(fields["startedAt"], "startedAt") }),
  };
}

function parseDescription(value: unknown): HostDescription {
  const fields = asFields(value, "description");
  const engines = asFields(fields["engines"], "engines");
  const machine = asFields(fields["machine"], "machine");
  const [emulated, paravirtual, hardware] = virtualizations.map((kind) => parseAvailability(engines[kind], kind));
  if (emulated === undefined || paravirtual === undefined || hardware === undefined) throw new MessageError("an engine is missing");
  return {
    version: asText(fields["version"], "version"),
    engines: { emulated, paravirtual, hardware },
    machine: {
      cpus: asNumber(machine["cpus"], "cpus"),
      memoryMib: asNumber(machine["memoryMib"], "memoryMib"),
      cpuModel: asText(machine["cpuModel"], "cpuModel"),
      kernel: asText(machine["kernel"], "kernel"),
    },
  };
}

function parseAvailability(value: unknown, name: string): EngineAvailability {
  const fields = asFields(value, name);
  return {
    works: fields["works"] === true,
    engine: asText(fields["engine"], "engine"),
    ...(fields["reason"] === undefined ? {} : { reason: asText(fields["reason"], "reason") }),
    ...(fields["bootMs"] === undefined ? {} : { bootMs: asNumber(fields["bootMs"], "bootMs") }),
  };
}

function asFields(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new MessageError(`${name} is not an object`);
  return value as Fields; // an object that is no list has string keys
}

function asText(value: unknown, name: string): string {
  if (typeof value !== "string" || value.length > 4096) throw new MessageError(`${name} is not a text of at most 4096 characters`);
  return value;
}

function asNumber(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new MessageError(`${name} is not a whole number`);
  return value;
}

function asOneOf<T extends string>(value: unknown, allowed: readonly T[], name: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new MessageError(`${name} is none of ${allowed.join(", ")}`);
  return found;
}
