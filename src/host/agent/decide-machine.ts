/**
 * What a host does next for one machine: pure, from the newest specification, the durable record and the engine as seen.
 *
 *   down      begin a run that is wanted and new; call off one that is no longer wanted; bury what should be absent; else rest
 *   starting  prepare what is missing, then start the engine; give up as soon as the run is not wanted any more
 *   running   stop, kill, reboot, plug and unplug as wanted; see the end
 *   ending    no engine may live; give everything back; then down
 *
 * A run, once begun, is never begun again, with one exception: a parked one, which the installation itself ended, or the restart of
 * the physical machine. As after `StopInstances` and a start, what was on EBS is there again and local disks are empty.
 * A newer run while an older one is up ends the older one first.
 */
import type { InterfaceId, VolumeId } from "../../base/ids.ts";
import type { DiskSpecification, InterfaceSpecification, MachineSpecification } from "../protocol/specification.ts";
import type { MachineRecord, RunEnd } from "./machine-record.ts";

export type EngineSight = "unknown" | "none" | "alive";

export interface MachineView {
  readonly specification: MachineSpecification;
  readonly record: MachineRecord;
  readonly engine: EngineSight;
  /** How the engine that is gone ended, as far as known. */
  readonly end?: RunEnd;
  /** Made ready by this agent since it started, or since the machine's run began. */
  readonly ready: {
    readonly disks: ReadonlySet<string>;
    readonly instanceStore: boolean;
    /** What each interface was prepared and connected for: `interfaceText` and `connectionText`. */
    readonly interfaces: ReadonlyMap<InterfaceId, string>;
    readonly connected: ReadonlyMap<InterfaceId, string>;
  };
  /** The guest has asked for its metadata since this agent serves it in this run. */
  readonly heard: boolean;
  readonly rebooting: boolean;
  /** How many reboots are honoured by the one that this agent just finished. */
  readonly rebooted?: number;
  /** When the guest was last asked to shut down by this agent. */
  readonly stopAskedAt?: number;
  /** The physical machine has been started anew since the run was begun. */
  readonly restarted: boolean;
  /** The whole installation is going down. */
  readonly parking: boolean;
  /** The control plane has confirmed since the agent's start what this host should run: nothing begins before that. */
  readonly confirmed: boolean;
  /** Disks and interfaces whose hot-plug failed a moment ago. */
  readonly postponed: ReadonlySet<string>;
  readonly nowMs: number;
}

export type Step =
  | { readonly do: "rest"; readonly untilMs?: number }
  | { readonly do: "begin" | "call-off" | "bury" }
  | { readonly do: "find-engine" | "note-running" | "start-engine" | "kill-engine" | "ask-stop" | "reboot" }
  | { readonly do: "note-announced" | "note-reached" | "note-specified" }
  | { readonly do: "note-reboots"; readonly reboots: number }
  | { readonly do: "note-stop"; readonly byMs: number; readonly park: boolean }
  | { readonly do: "note-end"; readonly end: RunEnd; readonly park: boolean }
  | { readonly do: "prepare-disk" | "plug-disk" | "grow-disk"; readonly disk: DiskSpecification }
  | { readonly do: "unplug-disk" | "release-disk"; readonly volume: VolumeId }
  | { readonly do: "make-instance-store" | "finish-run" }
  | { readonly do: "prepare-interface" | "connect-interface" | "plug-interface"; readonly nic: InterfaceSpecification }
  | { readonly do: "unplug-interface" | "release-interface"; readonly id: InterfaceId };

/** How long guests get when the whole installation goes down. */
export const parkGraceMs = 30_000;
/** A guest that was still booting may have missed the first request. */
const askAgainMs = 10_000;

export function decideMachine(view: MachineView): Step {
  const { record } = view;
  if (view.engine === "unknown" && record.phase !== "down") return { do: "find-engine" };
  switch (record.phase) {
    case "down":
      return decideDown(view);
    case "starting":
      return decideStarting(view);
    case "running":
      return view.engine === "alive" ? decideRunning(view) : { do: "note-end", end: endSeen(view), park: wasCutOff(view) };
    case "ending":
      return decideEnding(view);
  }
}

function decideDown({ specification, record, parking, confirmed }: MachineView): Step {
  const { want, run } = specification;
  if (want === "absent") return { do: "bury" };
  if (parking || !confirmed) return { do: "rest" };
  const open = run > record.run || (record.parked === true && !isLostWithHost({ specification, record }));
  if (!open) return { do: "rest" };
  return { do: want === "running" ? "begin" : "call-off" };
}

function decideStarting(view: MachineView): Step {
  const { specification, record, ready } = view;
  if (view.engine === "alive") return { do: "note-running" };
  if (!isWanted(view)) return { do: "note-end", end: { cause: "requested" }, park: mustPark(view) };
  if (view.restarted) return { do: "note-end", end: endSeen(view), park: true };
  // What the host does alone comes first: meanwhile the storage node makes the volumes.
  const nic = decideInterfaces(specification.interfaces, view);
  if (nic !== undefined) return nic;
  if (!ready.instanceStore) return { do: "make-instance-store" };
  const disk = specification.disks.find((disk) => !ready.disks.has(disk.volume) || !isClaimed(record, disk));
  if (disk !== undefined) return { do: "prepare-disk", disk };
  return { do: "start-engine" };
}

function decideRunning(view: MachineView): Step {
  const { specification, record } = view;
  if (record.stopBy !== undefined || !isWanted(view)) return decideStopping(view);
  const plugged = new Set(record.plan?.interfaces.map(({ id }) => id));
  const nic = decideInterfaces(specification.interfaces.filter(({ id }) => plugged.has(id)), view);
  if (nic !== undefined) return nic;
  if (record.announced === undefined) return { do: "note-announced" };
  if (view.heard && record.reached === undefined) return { do: "note-reached" };
  if (view.rebooted !== undefined && view.rebooted > record.reboots) return { do: "note-reboots", reboots: view.rebooted };
  if (specification.reboots > record.reboots && !view.rebooting) return { do: "reboot" };
  const plug = decidePlug(view);
  if (plug !== undefined) return plug;
  return record.planGeneration !== specification.generation && view.postponed.size === 0 ? { do: "note-specified" } : { do: "rest" };
}

/** Undefined: each of these is as the specification asks. A guest that looks for its address at once finds everything in place. */
function decideInterfaces(nics: readonly InterfaceSpecification[], { specification, ready }: MachineView): Step | undefined {
  const unprepared = nics.find((nic) => ready.interfaces.get(nic.id) !== interfaceText(nic));
  if (unprepared !== undefined) return { do: "prepare-interface", nic: unprepared };
  const unconnected = nics.find((nic) => ready.connected.get(nic.id) !== connectionText(nic, specification));
  return unconnected === undefined ? undefined : { do: "connect-interface", nic: unconnected };
}

function decideStopping({ specification, record, stopAskedAt, nowMs, parking }: MachineView): Step {
  const graceMs = specification.stop === "force" ? 0 : parking ? Math.min(parkGraceMs, specification.gracefulStopMs) : specification.gracefulStopMs;
  if (record.stopBy === undefined || record.stopBy > nowMs + graceMs) {
    return { do: "note-stop", byMs: nowMs + graceMs, park: mustPark({ specification, record, parking }) };
  }
  if (nowMs >= record.stopBy) return { do: "kill-engine" };
  if (stopAskedAt === undefined || nowMs >= stopAskedAt + askAgainMs) return { do: "ask-stop" };
  return { do: "rest", untilMs: Math.min(record.stopBy, stopAskedAt + askAgainMs) };
}

/** The engine's devices against the specification's, what is too many first: a device name may be taken over. */
function decidePlug({ specification, record, ready, postponed }: MachineView): Step | undefined {
  const disks = new Set(record.plan?.disks.map(({ volume }) => volume));
  const nics = new Set(record.plan?.interfaces.map(({ id }) => String(id)));
  const free = (id: string) => !postponed.has(id);

  const extraDisk = record.disks.find((held) => free(held.volume) && !specification.disks.some((disk) => isSameAttachment(disk, held)));
  if (extraDisk !== undefined) return { do: disks.has(extraDisk.volume) ? "unplug-disk" : "release-disk", volume: extraDisk.volume };
  const extraNic = record.interfaces.find((id) => free(id) && !specification.interfaces.some((nic) => nic.id === id));
  if (extraNic !== undefined) return { do: nics.has(extraNic) ? "unplug-interface" : "release-interface", id: extraNic };

  const disk = specification.disks.find(({ volume }) => !disks.has(volume) && free(volume));
  if (disk !== undefined) return { do: ready.disks.has(disk.volume) && isClaimed(record, disk) ? "plug-disk" : "prepare-disk", disk };
  const grown = specification.disks.find((disk) => free(disk.volume) && record.disks.some((held) => isSameAttachment(disk, held) && held.sizeGib < disk.sizeGib));
  if (grown !== undefined) return { do: "grow-disk", disk: grown };
  const nic = specification.interfaces.find(({ id }) => !nics.has(id) && free(id));
  if (nic !== undefined) return { do: ready.interfaces.has(nic.id) ? "plug-interface" : "prepare-interface", nic };
  return undefined;
}

function decideEnding({ record, engine }: MachineView): Step {
  if (engine === "alive") return { do: "kill-engine" };
  const [id] = record.interfaces;
  if (id !== undefined) return { do: "release-interface", id };
  const [disk] = record.disks;
  if (disk !== undefined) return { do: "release-disk", volume: disk.volume };
  return { do: "finish-run" };
}

/** Whether the run that the record names should be up now. */
export function isWanted(view: Pick<MachineView, "specification" | "record" | "parking">): boolean {
  return isAskedFor(view) && !view.parking;
}

function mustPark(view: Pick<MachineView, "specification" | "record" | "parking">): boolean {
  return isAskedFor(view) && view.parking;
}

/** Its run cannot begin again: its root disk went with it. */
export function isLostWithHost({ specification, record }: Pick<MachineView, "specification" | "record">): boolean {
  return record.parked === true && record.phase === "down" && specification.localRoot !== undefined && specification.want === "running";
}

/** The restart of the physical machine ended the run: no guest and nobody else wanted its end. */
function wasCutOff(view: MachineView): boolean {
  return isAskedFor(view) && view.restarted && view.end === undefined && view.record.stopBy === undefined;
}

function isAskedFor({ specification, record }: Pick<MachineView, "specification" | "record">): boolean {
  return specification.want === "running" && specification.run <= record.run;
}

function endSeen({ record, end }: MachineView): RunEnd {
  if (record.stopBy !== undefined) return { cause: "requested" };
  return end ?? { cause: "engine", reason: "The guest's process ended while its host was not watching." };
}

function isClaimed(record: MachineRecord, disk: DiskSpecification): boolean {
  return record.disks.some((held) => isSameAttachment(held, disk));
}

/** A volume that was detached and attached again is another attachment: its earlier export's name is of no use any more. */
function isSameAttachment(a: DiskSpecification, b: DiskSpecification): boolean {
  return a.volume === b.volume && a.endpoint.exportName === b.endpoint.exportName;
}

/** Changes with anything that an interface is prepared for. */
export function interfaceText(nic: InterfaceSpecification): string {
  return JSON.stringify(nic);
}

/** Changes with anything that an interface is connected for. */
export function connectionText(nic: InterfaceSpecification, { metadata }: MachineSpecification): string {
  return JSON.stringify([nic, metadata.options.httpPutResponseHopLimit]);
}
