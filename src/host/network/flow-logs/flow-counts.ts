/** What the rules of `flow-rules.ts` have counted. */
import type { Direction } from "../../protocol/counted-rule.ts";
import { ignoreFailedCommand, namespacePath, runCommand } from "../command.ts";
import { field, listField, numberField, stringField } from "../json-field.ts";
import type { Family } from "../traffic-match.ts";
import { flowFamilies, flowTables, flowTimeoutSeconds, mostFlows } from "./flow-rules.ts";

export interface Flow {
  readonly direction: Direction;
  /** The interface, by its device in the VPC's namespace. */
  readonly device: string;
  readonly source: string;
  readonly destination: string;
  /** By its number. */
  readonly protocol: number;
  /** 0 without ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Amount {
  readonly packets: number;
  readonly bytes: number;
}

export interface FlowCount extends Amount {
  readonly flow: Flow;
  /** Since its last packet, in whole seconds. */
  readonly idleSeconds: number;
}

export interface FlowCounts {
  readonly seen: readonly FlowCount[];
  readonly kept: readonly FlowCount[];
  /** Devices with more flows than can be counted. */
  readonly overfull: readonly string[];
}

/** What was seen is read first, so that a packet on its way in between is counted as seen later, not as rejected. */
export async function readFlowCounts(namespace: string): Promise<FlowCounts> {
  const readAll = async (table: string) => (await Promise.all(flowFamilies.map((family) => listTable(namespace, family, table)))).map(parseFlowCounts);
  const [seen, kept] = [await readAll(flowTables.seen), await readAll(flowTables.kept)];
  return { seen: seen.flatMap(({ counts }) => counts), kept: kept.flatMap(({ counts }) => counts), overfull: seen.flatMap(({ overfull }) => overfull) };
}

/** The devices whose flows are counted in the namespace. */
export async function readWatched(namespace: string): Promise<readonly string[]> {
  const text = await listTable(namespace, "ip", flowTables.seen).catch((error: unknown) => {
    ignoreFailedCommand(error); // there is no such table
    return '{ "nftables": [] }';
  });
  const names = setsOf(text).flatMap((set) => parseSetName(stringField(set, "name") ?? "")?.device ?? []);
  return [...new Set(names)];
}

function listTable(namespace: string, family: Family, table: string): Promise<string> {
  return runCommand("nsenter", [`--net=${namespacePath(namespace)}`, "nft", "-n", "-j", "list", "table", family, table]);
}

/** Of what `nft -n -j list table` printed. */
export function parseFlowCounts(text: string): { readonly counts: readonly FlowCount[]; readonly overfull: readonly string[] } {
  const sets = setsOf(text).flatMap((set) => {
    const name = parseSetName(stringField(set, "name") ?? "");
    return name === undefined ? [] : { name, elements: listField(set, "elem") };
  });
  return {
    counts: sets.flatMap(({ name, elements }) => elements.flatMap((element) => toCount(name, field(element, "elem")))),
    overfull: sets.flatMap(({ name, elements }) => (elements.length < mostFlows ? [] : name.device)),
  };
}

function setsOf(text: string): readonly unknown[] {
  const parsed: unknown = JSON.parse(text);
  return listField(parsed, "nftables").flatMap((entry) => field(entry, "set") ?? []);
}

interface SetName {
  readonly direction: Direction;
  readonly device: string;
}

function parseSetName(name: string): SetName | undefined {
  const [, direction, device] = /^(leave|arrive)_([^_]+)(?:_bare)?$/.exec(name) ?? [];
  return device === undefined || (direction !== "leave" && direction !== "arrive") ? undefined : { direction, device };
}

function toCount(name: SetName, element: unknown): readonly FlowCount[] {
  const counter = field(element, "counter");
  const [packets, bytes, expires] = [numberField(counter, "packets"), numberField(counter, "bytes"), numberField(element, "expires")];
  const [source, destination, protocol, sourcePort = 0, destinationPort = 0] = listField(field(element, "val"), "concat");
  if (packets === undefined || bytes === undefined || expires === undefined) return [];
  const flow: Flow = { ...name, source: String(source), destination: String(destination), protocol: Number(protocol), sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) };
  return [{ flow, packets, bytes, idleSeconds: Math.max(0, flowTimeoutSeconds - expires - 1) }];
}
