/** The figures of `bench virt` as tables and as a picture: native = 1.0, more is better. */
import { virtualizations, type Virtualization } from "../../host/protocol/specification.ts";
import { workloadParts, type Score } from "../../host/workload/workload-script.ts";
import type { GuestInspection } from "../inspect/inspect-guest.ts";
import { renderBars } from "./bars.ts";
import type { Network } from "./guest-network.ts";
import { seconds, table } from "./report.ts";

export interface GuestMeasured extends Network {
  /** The host that it was on. */
  readonly host: string;
  readonly scores: readonly Score[];
  readonly bootMs: number;
  /** Of the resting guest. */
  readonly inspection: Pick<GuestInspection, "process">;
  /** Of a hardware-assisted one. */
  readonly exits?: readonly Exits[];
}

/** How often the processor left the guest. */
export interface Exits {
  readonly what: string;
  readonly unit: string;
  readonly perUnit: number;
}

export interface VirtFigures {
  /** The same work on the hosts of the guests. */
  readonly natives: ReadonlyMap<string, readonly Score[]>;
  /** Of this machine, for comparison. */
  readonly loopback: Network;
  readonly measured: ReadonlyMap<Virtualization, GuestMeasured>;
}

const colors: Readonly<Record<Virtualization, string>> = { emulated: "#d1495b", paravirtual: "#edae49", hardware: "#00798c" };

export function reportVirt({ natives, loopback, measured }: VirtFigures): string {
  const guests = virtualizations.flatMap((kind) => [measured.get(kind) ?? []].flat().map((guest) => ({ kind, guest })));
  const cells = (value: (each: GuestMeasured) => string) => guests.map(({ guest }) => value(guest));
  const first = (text: string) => [...natives.keys()].map((_host, index) => (index === 0 ? text : ""));
  const on = (host: string) => (natives.size === 1 ? "" : ` on ${host}`);
  const work = workloadParts.map(({ name, unit, tells }, index) => [name, tells, unit, ...[...natives.values()].map((scores) => perSecond(scores, index).toFixed(0)), ...cells((each) => share(each, natives, index).toPrecision(2))]);
  const others = [
    ["connection", "a device, and the way to it", "from call to answer", ...first(`${loopback.connectMs.toFixed(2)} ms`), ...cells(({ connectMs }) => `${connectMs.toFixed(2)} ms`)],
    ["transfer", "a device, and the way to it", "Mbit/s out of it", ...first(loopback.mbitPerSecond.toFixed(0)), ...cells(({ mbitPerSecond }) => mbitPerSecond.toFixed(0))],
    ["start", "RunInstances until a login", "", ...first(""), ...cells(({ bootMs }) => seconds(bootMs))],
    ["memory", "of the engine's processes, at rest", "MiB", ...first(""), ...cells(({ inspection }) => (inspection.process.residentBytes / 2 ** 20).toFixed(0))],
    ["processor", "of the engine's processes, at rest", "processors", ...first(""), ...cells(({ inspection: { process } }) => (process.userProcessors + process.kernelProcessors).toFixed(2))],
  ];
  const headings = ["work", "what it shows", "unit", ...[...natives.keys()].map((host) => `native${on(host)}, a second`), ...guests.map(({ kind, guest }) => `${kind}${on(guest.host)}, native = 1`)];
  const exits = measured.get("hardware")?.exits;
  return [table(headings, [...work, ...others]), ...(exits === undefined ? [] : [reportExits(exits)])].join("\n\n");
}

/** Times of an emulated host's guests tell of the emulation as well; how often they need their host does not. */
function reportExits(exits: readonly Exits[]): string {
  return table(["work of the hardware-assisted guest", "unit", "exits for one unit"], exits.map(({ what, unit, perUnit }) => [what, unit, String(Number(perUnit.toPrecision(2)))]));
}

export function plotVirt({ natives, measured }: VirtFigures): string {
  const series = virtualizations.flatMap((kind) => {
    const each = measured.get(kind);
    return each === undefined ? [] : [{ name: kind, color: colors[kind], values: workloadParts.map((_part, index) => share(each, natives, index)) }];
  });
  return renderBars({ title: "The same work in guests, native = 1", groups: workloadParts.map(({ name }) => name), series, least: 0.001, most: 1 });
}

function share({ host, scores }: GuestMeasured, natives: VirtFigures["natives"], index: number): number {
  return perSecond(scores, index) / perSecond(natives.get(host) ?? [], index);
}

function perSecond(scores: readonly Score[], index: number): number {
  const score = scores[index];
  if (score === undefined) throw new Error(`${workloadParts[index]?.name} was not measured`);
  return score.perSecond;
}
