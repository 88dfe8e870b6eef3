/** Agents' messages are parsed before they are believed: a wrong one is refused whole and names its first fault. */
import { virtualizations } from "../../host/protocol/specification.ts";
import type { HostArrival, ReportBatch, StreamRefusal } from "../../host/protocol/exchange.ts";
import type { CreditBalance } from "../../host/protocol/processor.ts";
import type { AcceleratorDescription, CardDescription, DiskReport, EngineAvailability, HostDescription, MachineReport, Report, SnapshotReport, VolumeCondition, VolumeReport, VpcReport } from "../../host/protocol/report.ts";
import { streamErrorCodes } from "../../host/protocol/stream.ts";

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

export function parseStreamRefusal(value: unknown): StreamRefusal {
  return { code: asOneOf(asFields(value, "refusal")["code"], streamErrorCodes, "code") };
}

function parseReport(value: unknown): Report {
  const fields = asFields(value, "report");
  const id = asText(fields["id"], "id");
  if (fields["kind"] === "credits") return { kind: "credits", id: id as MachineReport["id"], run: asNumber(fields["run"], "run"), credits: parseCredits(fields["credits"]) }; // compared with rows' ids, never trusted
  const generation = asNumber(fields["generation"], "generation");
  const reason = optional("reason", fields["reason"], asText);
  if (fields["kind"] === "volume") {
    const state = asOneOf(fields["state"], ["creating", "available", "absent", "failed"] as const, "state");
    return {
      kind: "volume",
      id: id as VolumeReport["id"], // compared with rows' ids, never trusted
      generation,
      state,
      ...reason,
      ...optional("condition", fields["condition"], parseCondition),
      ...optional("snapshots", fields["snapshots"], listOf(parseSnapshot)),
    };
  }
  if (fields["kind"] === "vpc") {
    const state = asOneOf(fields["state"], ["applied", "absent", "failed"] as const, "state");
    return { kind: "vpc", id: id as VpcReport["id"], generation, state, ...reason }; // compared with rows' ids, never trusted
  }
  if (fields["kind"] !== "machine") throw new MessageError("a report's kind is none of machine, volume, vpc, credits");
  return {
    kind: "machine",
    id: id as MachineReport["id"], // compared with rows' ids, never trusted
    generation,
    run: asNumber(fields["run"], "run"),
    state: asOneOf(fields["state"], ["preparing", "running", "stopping", "stopped", "absent", "failed"] as const, "state"),
    ...optional("cause", fields["cause"], (cause, name) => asOneOf(cause, ["requested", "guest", "engine"] as const, name)),
    ...reason,
    reboots: asNumber(fields["reboots"], "reboots"),
    ...(fields["reached"] === true ? { reached: true } : {}),
    ...(typeof fields["answers"] === "boolean" ? { answers: fields["answers"] } : {}),
    ...optional("startedAt", fields["startedAt"], asNumber),
    ...optional("disks", fields["disks"], listOf(parseDisk)),
    ...optional("accepted", fields["accepted"], asNumber),
  };
}

function parseCredits(value: unknown): CreditBalance {
  const fields = asFields(value, "credits");
  return {
    balance: asAmount(fields["balance"], "balance"),
    launch: asAmount(fields["launch"], "launch"),
    surplus: asAmount(fields["surplus"], "surplus"),
    charged: asAmount(fields["charged"], "charged"),
  };
}

function parseDisk(value: unknown): DiskReport {
  const fields = asFields(value, "disk");
  return {
    volume: asText(fields["volume"], "volume") as DiskReport["volume"], // compared with rows' ids, never trusted
    exportName: asText(fields["exportName"], "exportName"),
    state: asOneOf(fields["state"], ["attached", "busy", "failed"] as const, "disk state"),
  };
}

function parseCondition(value: unknown): VolumeCondition {
  const fields = asFields(value, "condition");
  return {
    sizeGib: asNumber(fields["sizeGib"], "sizeGib"),
    ...optional("initializedPercent", fields["initializedPercent"], asNumber),
    ...optional("impairment", fields["impairment"], parseImpairment),
  };
}

function parseImpairment(value: unknown): NonNullable<VolumeCondition["impairment"]> {
  const fields = asFields(value, "impairment");
  return { kind: asOneOf(fields["kind"], ["no-space", "corrupt-block"] as const, "impairment kind"), detail: asText(fields["detail"], "detail") };
}

function parseSnapshot(value: unknown): SnapshotReport {
  const fields = asFields(value, "snapshot");
  return {
    id: asText(fields["id"], "snapshot id") as SnapshotReport["id"], // compared with rows' ids, never trusted
    state: asOneOf(fields["state"], ["frozen", "completed", "failed"] as const, "snapshot state"),
    percent: asNumber(fields["percent"], "percent"),
    ...optional("reason", fields["reason"], asText),
    ...optional("blocks", fields["blocks"], parseBlocks),
  };
}

function parseBlocks(value: unknown): NonNullable<SnapshotReport["blocks"]> {
  const fields = asFields(value, "blocks");
  return { total: asNumber(fields["total"], "total"), moved: asNumber(fields["moved"], "moved") };
}

/** The field under its name, parsed; nothing where it is absent. */
function optional<const Name extends string, Value>(name: Name, value: unknown, parse: (value: unknown, name: string) => Value): { readonly [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: parse(value, name) } as { readonly [Key in Name]?: Value }); // the name is the only key
}

function listOf<Value>(parse: (value: unknown) => Value): (value: unknown, name: string) => Value[] {
  return (value, name) => {
    if (!Array.isArray(value)) throw new MessageError(`${name} is not a list`);
    return value.map(parse);
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
    ...optional("arm64", fields["arm64"], parseAvailability),
    ...optional("cards", fields["cards"], listOf(parseCard)),
    ...optional("accelerators", fields["accelerators"], listOf(parseAccelerator)),
    ...optional("mtu", fields["mtu"], asNumber),
    ...(fields["isOnSwitch"] === true ? { isOnSwitch: true } : {}),
    machine: {
      cpus: asNumber(machine["cpus"], "cpus"),
      memoryMib: asNumber(machine["memoryMib"], "memoryMib"),
      cpuModel: asText(machine["cpuModel"], "cpuModel"),
      kernel: asText(machine["kernel"], "kernel"),
      ...optional("diskGib", machine["diskGib"], asNumber),
      ...optional("networkMbps", machine["networkMbps"], asNumber),
    },
  };
}

function parseCard(value: unknown): CardDescription {
  const fields = asFields(value, "card");
  return { device: asText(fields["device"], "device"), functions: asNumber(fields["functions"], "functions"), ...optional("disksGib", fields["disksGib"], listOf((each) => asNumber(each, "disksGib"))), ...optional("reason", fields["reason"], asText) };
}

function parseAccelerator(value: unknown): AcceleratorDescription {
  const fields = asFields(value, "accelerator");
  return { model: asText(fields["model"], "model"), count: asNumber(fields["count"], "count"), ...optional("reason", fields["reason"], asText) };
}

function parseAvailability(value: unknown, name: string): EngineAvailability {
  const fields = asFields(value, name);
  return {
    works: fields["works"] === true,
    engine: asText(fields["engine"], "engine"),
    ...optional("reason", fields["reason"], asText),
    ...optional("bootMs", fields["bootMs"], asNumber),
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

function asAmount(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) throw new MessageError(`${name} is not an amount`);
  return value;
}

function asOneOf<T extends string>(value: unknown, allowed: readonly T[], name: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new MessageError(`${name} is none of ${allowed.join(", ")}`);
  return found;
}
