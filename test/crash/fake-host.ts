/**
 * A host at the far end of the protocol, for sweeps: it keeps to the rules of generations and runs, moves one step at a time, and remembers
 * everything, so that a sweep can ask afterwards what was ever running. Its memory survives every kill, as a real host's disk does.
 */
import { acceptSpecification } from "../../src/host/protocol/generation.ts";
import type { DiskReport, HostDescription, MachineReport, Report, SnapshotReport, VolumeReport, VpcReport } from "../../src/host/protocol/report.ts";
import type { MachineSpecification, Specification } from "../../src/host/protocol/specification.ts";
import type { HostDesk } from "../../src/reconcile/hosts/host-desk.ts";

interface Held {
  /** What a running guest has, by volume, and under which export's name. */
  readonly plugged: Map<string, string>;
  /** The size that a volume has reached. */
  sizeGib: number;
  specification: Specification;
  startedRun: number;
  state: MachineReport["state"] | VolumeReport["state"] | VpcReport["state"];
  cause: MachineReport["cause"] | undefined;
  reason: string | undefined;
}

export interface FakeHost {
  readonly id: string;
  /** Asks for news, takes one step for each thing it holds, reports everything. Returns whether anything changed. */
  step(desk: HostDesk): Promise<boolean>;
  /** What happens to a running machine from the outside. */
  befall(id: string, cause: "guest" | "engine"): void;
  /** From now on guests give no volume back. */
  holdVolumes(): void;
  /** From now on volumes have so much of what they began as; undefined: all. */
  initialize(percent: number | undefined): void;
  /** From now on volumes are in no state to be used, for this reason; undefined: they are again. */
  failVolumes(reason: string | undefined): void;
  /** From now on this is said of every snapshot that is asked for; until then, that it is stored. */
  sayOfSnapshots(said: SnapshotProgress): void;
  /** From now on nobody hears it and it hears nobody, until it is connected again; its guests go on. */
  cutOff(): void;
  connect(): void;
  /** From now on no machine starts. */
  breakEngine(): void;
  /** Replays every report ever sent, oldest first: messages that were on their way. */
  replay(desk: HostDesk): Promise<void>;
  readonly held: ReadonlyMap<string, Held>;
  /** How often each run of each machine was booted. */
  readonly boots: ReadonlyMap<string, number>;
  readonly running: () => string[];
}

/** How far snapshots are. */
export type SnapshotProgress = Omit<SnapshotReport, "id">;

function describeHost(engine: string): HostDescription {
  const works = { works: true, engine };
  return {
    version: "test",
    engines: { emulated: works, paravirtual: works, hardware: works },
    machine: { cpus: 2, memoryMib: 4096, cpuModel: "none", kernel: "none" },
  };
}

export const fakeDescription = describeHost("simulated");
/** Of a host whose guests send packets, and which is therefore told of VPCs. */
export const packetDescription = describeHost("test");

export function fakeHost(id: string, description = fakeDescription): FakeHost {
  const held = new Map<string, Held>();
  const tombstones = new Map<string, { generation: number }>();
  const boots = new Map<string, number>();
  const sent: Report[] = [];
  let since = 0;
  let isCutOff = false;
  let broken = false;
  let unsent = false;
  let initializedPercent: number | undefined;
  let volumeFailure: string | undefined;
  let snapshotProgress: SnapshotProgress = { state: "completed", percent: 100, blocks: { total: 0, moved: 0 } };

  const take = (specification: Specification): boolean => {
    const current = held.get(specification.id);
    const accepted = acceptSpecification(current?.specification, tombstones.get(specification.id), specification);
    if (accepted !== "take") return false;
    const state: Held["state"] = specification.kind === "machine" ? "preparing" : specification.kind === "volume" ? "creating" : "failed";
    const fresh: Held = { specification, plugged: new Map(), sizeGib: 0, startedRun: 0, state, cause: undefined, reason: undefined };
    held.set(specification.id, { ...(current ?? fresh), specification });
    return true;
  };

  const advance = (thing: Held): boolean => {
    const { specification } = thing;
    if (specification.want === "absent") return remove(thing);
    if (specification.kind === "vpc") return move(thing, "applied");
    if (specification.kind === "volume" && volumeFailure !== undefined) return move(thing, "failed", undefined, volumeFailure);
    if (specification.kind === "volume") return move(thing, "available") || grow(thing, specification.sizeGib);
    return advanceMachine(thing, specification);
  };

  const grow = (thing: Held, sizeGib: number): boolean => {
    const grows = thing.sizeGib < sizeGib;
    thing.sizeGib = Math.max(thing.sizeGib, sizeGib);
    return grows;
  };

  const advanceMachine = (thing: Held, specification: MachineSpecification): boolean => {
    const { want, run } = specification;
    if (want === "stopped") return thing.state === "stopped" ? false : move(thing, "stopped", "requested");
    if (run <= thing.startedRun) return thing.state === "running" && plugOne(thing.plugged, specification);
    if (broken) return move(thing, "failed", undefined, "no engine");
    thing.startedRun = run;
    thing.plugged.clear();
    for (const { volume, endpoint } of specification.disks) thing.plugged.set(volume, endpoint.exportName);
    boots.set(`${thing.specification.id} ${run}`, (boots.get(`${thing.specification.id} ${run}`) ?? 0) + 1);
    return move(thing, "running");
  };

  /** Takes away or gives one volume, as the specification asks. */
  const plugOne = (plugged: Map<string, string>, { disks }: MachineSpecification): boolean => {
    const isWanted = ([volume, exportName]: [string, string]) => disks.some((disk) => disk.volume === volume && disk.endpoint.exportName === exportName);
    const extra = [...plugged].find((each) => !isWanted(each));
    if (extra !== undefined && !stubborn) return plugged.delete(extra[0]);
    const missing = disks.find(({ volume }) => !plugged.has(volume));
    if (missing !== undefined) plugged.set(missing.volume, missing.endpoint.exportName);
    return missing !== undefined;
  };
  let stubborn = false;

  const retainOnly = (ids: ReadonlySet<string>): void => {
    for (const thing of held.values()) if (!ids.has(thing.specification.id)) remove(thing);
  };

  const remove = (thing: Held): boolean => {
    held.delete(thing.specification.id);
    tombstones.set(thing.specification.id, { generation: thing.specification.generation });
    gone.set(thing.specification.id, thing);
    return true;
  };
  const gone = new Map<string, Held>();

  const move = (thing: Held, state: Held["state"], cause?: Held["cause"], reason?: string): boolean => {
    if (thing.state === state) return false;
    Object.assign(thing, { state, cause, reason });
    return true;
  };

  const toReport = ({ specification, plugged, sizeGib, cause, reason }: Held, state: Held["state"]): Report => {
    const { generation } = specification;
    if (specification.kind === "vpc") return { kind: "vpc", id: specification.id, generation, state: state as VpcReport["state"] }; // VPCs have no other states
    if (specification.kind === "volume") {
      const snapshots = specification.snapshots.map((order) => ({ id: order.id, ...snapshotProgress }));
      const condition = { sizeGib, ...(initializedPercent === undefined ? {} : { initializedPercent }) };
      const more = state === "available" ? { condition, snapshots } : { ...(reason === undefined ? {} : { reason }) };
      return { kind: "volume", id: specification.id, generation, state: state as VolumeReport["state"], ...more }; // volumes have no other states
    }
    const optional = { ...(cause === undefined ? {} : { cause }), ...(reason === undefined ? {} : { reason }) };
    const running = state === "running" ? { disks: toDiskReports(plugged, specification), accepted: generation } : {};
    return { kind: "machine", id: specification.id, generation, run: specification.run, state: state as MachineReport["state"], reboots: 0, ...optional, ...running }; // as above
  };

  return {
    id,
    held,
    boots,
    running: () => [...held.values()].filter(({ state }) => state === "running").map(({ specification }) => specification.id),
    step: async (desk) => {
      if (isCutOff) return false;
      const poll = () => desk.poll(id, 1, since, 0, new AbortController().signal);
      let page = await poll();
      if (page === "unknown") {
        since = 0;
        await desk.arrive(id, { incarnation: 1, description });
        page = await poll();
      }
      if (typeof page === "string") throw new Error(`host ${id} was turned away: ${page}`);
      if (page.complete) retainOnly(new Set(page.specifications.map((specification) => specification.id)));
      const taken = page.specifications.map(take).some(Boolean);
      const moved = [...held.values()].map(advance).some(Boolean);
      const reports = [...[...held.values()].map((thing) => toReport(thing, thing.state)), ...[...gone.values()].map((thing) => toReport(thing, "absent"))];
      sent.push(...reports);
      const isNews = taken || moved || unsent;
      if (isNews) {
        unsent = true;
        await desk.report(id, { incarnation: 1, reports });
        unsent = false;
      }
      since = page.revision;
      return isNews;
    },
    befall: (machine, cause) => {
      const thing = held.get(machine);
      unsent = true;
      if (thing?.state === "running") move(thing, "stopped", cause, cause === "engine" ? "the engine died" : undefined);
    },
    initialize: (percent) => {
      initializedPercent = percent;
      unsent = true;
    },
    failVolumes: (reason) => {
      volumeFailure = reason;
    },
    sayOfSnapshots: (said) => {
      snapshotProgress = said;
      unsent = true;
    },
    holdVolumes: () => {
      stubborn = true;
    },
    cutOff: () => {
      isCutOff = true;
    },
    connect: () => {
      isCutOff = false;
      unsent = true;
    },
    breakEngine: () => {
      broken = true;
    },
    replay: async (desk) => {
      for (const report of sent.slice(0, 50)) await desk.report(id, { incarnation: 1, reports: [report] });
    },
  };
}

function toDiskReports(plugged: ReadonlyMap<string, string>, { disks }: MachineSpecification): DiskReport[] {
  return Array.from(plugged, ([volume, exportName]) => {
    const stays = disks.some((disk) => disk.endpoint.exportName === exportName);
    return { volume: volume as DiskReport["volume"], exportName, state: stays ? "attached" : "busy" }; // from a specification
  });
}

/** Of the volume that most guests can write to at the moment, how many that are: those whose export its storage node has. */
export function countWriters(hosts: readonly FakeHost[]): number {
  const things = hosts.flatMap((host) => [...host.held.values()]);
  const writers = things.flatMap(({ specification: volume }) => {
    if (volume.kind !== "volume") return [];
    return things.filter(({ state, plugged }) => state === "running" && volume.exportNames.includes(plugged.get(volume.id) ?? "")).length;
  });
  return Math.max(0, ...writers);
}
