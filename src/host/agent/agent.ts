/**
 * One agent: a host with its machines, or a storage node with its volumes, and its conversation with the control plane.
 *
 * Takes up what an earlier agent left, then asks for specifications and makes them true, until it is told to leave or finds that
 * another agent speaks for the host. Leaving touches no guest and no volume.
 */
import type { Clock } from "../../base/clock.ts";
import type { InstanceId, VolumeId, VpcId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { VolumeDescription } from "../disk/volumes.ts";
import type { RuleCounter } from "../protocol/counted-rule.ts";
import type { SpecificationPage } from "../protocol/exchange.ts";
import type { HostDescription, Report } from "../protocol/report.ts";
import { pause } from "./back-off.ts";
import type { EngineUser } from "./confinement.ts";
import type { ConsoleTiming } from "./console-upload.ts";
import { ControlPlaneClient, type ClientEnd } from "./control-plane-client.ts";
import type { ControlPlaneTransport } from "./control-plane-transport.ts";
import { watchGuests, type GuestWatchTiming } from "./guest-watch.ts";
import type { FetchImage } from "./image-files.ts";
import { openIncarnation } from "./incarnation.ts";
import { MachineDirectory } from "./machine-directory.ts";
import { MachineKeeper } from "./machine-keeper.ts";
import type { MachineStatus } from "./machine-worker.ts";
import type { AgentParts, HostParts, StorageParts } from "./parts.ts";
import { machineStreams } from "./machine-streams.ts";
import { StreamDialer } from "./stream-dialer.ts";
import { VolumeDirectory } from "./volume-directory.ts";
import { VolumeKeeper, type VolumeStatus } from "./volume-keeper.ts";
import { VpcDirectory } from "./vpc-directory.ts";
import { VpcKeeper } from "./vpc-keeper.ts";

export interface AgentOptions {
  readonly hostId: string;
  /** Six hexadecimal digits; state of another installation is refused. */
  readonly installation: string;
  /** This host's own folders. */
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly imagesDirectory: string;
  readonly fetchImage?: FetchImage;
  /** Another one after each start of the physical machine: guests that ran before it are started again. */
  readonly bootId: string;
  readonly transport: ControlPlaneTransport;
  readonly parts: AgentParts;
  readonly userOf: (id: InstanceId | VolumeId) => EngineUser | undefined;
  /** Finds out what the host can do; guests are taken up before, the control plane hears of the host after it. */
  readonly describe: (signal: AbortSignal) => Promise<HostDescription>;
  /** What takes longer to find out, each for itself; the control plane hears of it when it is known. */
  readonly describeLater?: readonly ((signal: AbortSignal) => Promise<HostDescription>)[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly consoleTiming?: ConsoleTiming;
  readonly watchTiming?: GuestWatchTiming;
  /** The longest wait between attempts to reach the control plane. */
  readonly longestPauseMs?: number;
}

export interface AgentStatus {
  readonly host: string;
  readonly incarnation: number;
  readonly pid: number;
  /** The control plane has taken this host in. */
  readonly known: boolean;
  /** Why it does not, as it said. */
  readonly refusal?: string;
  readonly unsentReports: number;
  /** Byte streams that are open or being opened. */
  readonly streams: number;
  readonly machines: readonly MachineStatus[];
  readonly volumes: readonly VolumeStatus[];
}

export interface Agent {
  status(): AgentStatus;
  /** Undefined when this is no storage node, or has no such volume. */
  describeVolume(id: VolumeId): Promise<VolumeDescription | undefined>;
  /** Undefined when no interface of the VPC is on this host. */
  readCounters(vpc: VpcId): Promise<readonly RuleCounter[] | undefined>;
  /** Shuts all guests down, or ends all exports, to take them up again with the next agent; settles when that is done. */
  park(): Promise<void>;
  /** Settles when the agent has left. */
  readonly over: Promise<ClientEnd>;
}

const leaveMs = 10_000;

/** What the agent keeps: on a host VPCs and machines, on a storage node volumes. */
interface Keepers {
  readonly vpcs?: VpcKeeper;
  readonly machines?: MachineKeeper;
  readonly volumes?: VolumeKeeper;
}

/** Returns when everything that was left by an earlier agent is in hand; the rest goes on until the signal aborts. */
export async function startAgent(options: AgentOptions, signal: AbortSignal): Promise<Agent> {
  const { hostId, parts } = options;
  const incarnation = await openIncarnation(parts.files, options.dataDirectory, options.installation, options.clock);
  const leaving = new AbortController();
  let client: ControlPlaneClient | undefined;
  let dialer: StreamDialer | undefined;
  // Before the arrival nothing need be kept: everything is announced again when it is done.
  const report = (news: Report) => client?.report(news);
  const keepers: Keepers =
    parts.role === "host"
      ? { vpcs: vpcKeeper(options, parts, report), machines: machineKeeper(options, parts, report, () => client, leaving.signal) }
      : { volumes: volumeKeeper(options, parts, report) };
  const { machines, volumes } = keepers;
  const all = [keepers.vpcs, machines, volumes].filter((keeper) => keeper !== undefined);
  for (const keeper of all) await keeper.open();

  const converse = async (): Promise<ClientEnd> => {
    try {
      const description = await options.describe(signal).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      if (description === undefined) return "aborted";
      const { transport, log, random, longestPauseMs } = options;
      const take = (page: SpecificationPage) => {
        dialer?.take(page.streams ?? []);
        return takePage(page, keepers, log);
      };
      client = new ControlPlaneClient({
        hostId,
        incarnation,
        description,
        transport,
        log,
        random,
        take,
        arrived: () => {
          for (const keeper of all) keeper.announceAll();
        },
        ...(longestPauseMs === undefined ? {} : { longestPauseMs }),
      });
      if (parts.role === "host" && machines !== undefined) dialer = new StreamDialer(machineStreams(machines, parts.streams), client, log);
      for (const describe of options.describeLater ?? []) void describeAgain(describe, options, client, signal);
      if (parts.role === "host" && machines !== undefined) void watchGuests({ guests: () => machines.guests(), network: parts.network, log, ...(options.watchTiming === undefined ? {} : { timing: options.watchTiming }) }, leaving.signal);
      return await client.run(signal);
    } finally {
      leaving.abort();
      dialer?.leave();
      // Whatever a worker is still waiting for may be cut off at any point anyway.
      await Promise.race([Promise.all(all.map((keeper) => keeper.leave())), pause(leaveMs, new AbortController().signal)]);
      if (parts.role === "host") await Promise.all([parts.network.close(), parts.metadata.close(), parts.processors.close()]);
    }
  };
  const over = converse();
  return {
    over,
    park: async () => void (await Promise.all([machines?.park(), volumes?.park()])),
    describeVolume: async (id) => (parts.role === "storage" ? parts.volumes.describe(id) : undefined),
    readCounters: async (vpc) => (parts.role === "host" ? parts.network.readCounters(vpc) : undefined),
    status: () => ({
      host: hostId,
      incarnation,
      pid: process.pid,
      known: client?.isKnown ?? false,
      ...(client?.refusal === undefined ? {} : { refusal: client.refusal }),
      unsentReports: client?.unsentReports ?? 0,
      streams: dialer?.count ?? 0,
      machines: machines?.status() ?? [],
      volumes: volumes?.status() ?? [],
    }),
  };
}

async function describeAgain(describe: AgentOptions["describe"], { log }: AgentOptions, client: ControlPlaneClient, signal: AbortSignal): Promise<void> {
  try {
    await client.describe(await describe(signal));
  } catch (error) {
    if (!signal.aborted) log.error("What this host can do is not fully known", { error });
  }
}

/** Everything in the page is durable when it returns. */
async function takePage(page: SpecificationPage, { vpcs, machines, volumes }: Keepers, log: Log): Promise<void> {
  const named = new Set<string>(page.specifications.map(({ id }) => id));
  await Promise.all(
    page.specifications.map(async (specification) => {
      if (specification.kind === "machine" && machines !== undefined) return machines.accept(specification);
      if (specification.kind === "vpc" && vpcs !== undefined) return vpcs.accept(specification);
      if (specification.kind === "volume" && volumes !== undefined) return volumes.accept(specification);
      log.error("The control plane sent something that is not this host's kind of work", { id: specification.id });
    }),
  );
  if (page.complete) await Promise.all([machines?.retainOnly(named), vpcs?.retainOnly(named), volumes?.retainOnly(named)]);
  machines?.confirm();
}

function machineKeeper(options: AgentOptions, parts: HostParts, report: (news: Report) => void, client: () => ControlPlaneClient | undefined, signal: AbortSignal): MachineKeeper {
  const { dataDirectory, runDirectory, imagesDirectory, fetchImage, bootId, userOf, clock, random, log, consoleTiming } = options;
  return new MachineKeeper({
    ...parts,
    directory: new MachineDirectory(parts.files, dataDirectory, runDirectory),
    imagesDirectory,
    ...(fetchImage === undefined ? {} : { fetchImage }),
    bootId,
    userOf,
    report,
    uploadConsole: async (id, run, settled, output) => (await client()?.uploadConsole(id, run, settled, output)) ?? false,
    clock,
    random,
    log,
    signal,
    ...(consoleTiming === undefined ? {} : { consoleTiming }),
  });
}

function volumeKeeper({ dataDirectory, random, log }: AgentOptions, parts: StorageParts, report: (news: Report) => void): VolumeKeeper {
  return new VolumeKeeper({ directory: new VolumeDirectory(parts.files, dataDirectory), volumes: parts.volumes, report, random, log });
}

function vpcKeeper({ dataDirectory, random, log }: AgentOptions, parts: HostParts, report: (news: Report) => void): VpcKeeper {
  return new VpcKeeper({ directory: new VpcDirectory(parts.files, dataDirectory), network: parts.network, report, random, log });
}
