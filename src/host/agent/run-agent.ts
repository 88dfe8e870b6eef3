/**
 * A real agent, as a process of its own runs it: opens its folders and its door, speaks to the control plane, and leaves when the
 * signal aborts (SIGTERM) or when another agent speaks for the host, without touching guests or volumes.
 *
 *   DATA/hosts/HOST/…     a host's state       (`machine-directory.ts`)
 *   DATA/storage/NODE/…   a storage node's     (`volume-directory.ts`)
 *   RUN/hosts/HOST/       agent.sock, and the run directories of guests and volumes, for both kinds
 */
import { mkdir } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { readBootId } from "../engine/boot-id.ts";
import type { EngineAvailability, HostDescription } from "../protocol/report.ts";
import { startAgent, type AgentOptions } from "./agent.ts";
import { openAgentSocket } from "./agent-socket.ts";
import { engineUser } from "./confinement.ts";
import type { ClientEnd } from "./control-plane-client.ts";
import { unixSocketTransport } from "./control-plane-transport.ts";
import type { AgentParts } from "./parts.ts";
import type { Availabilities, EngineProbe } from "./real-engines.ts";

export interface RunAgentOptions {
  readonly hostId: string;
  /** Six hexadecimal digits. */
  readonly installation: string;
  /** The installation's DATA and RUN. */
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly imagesDirectory: string;
  /** How often this host was switched on again: what ran before ended with a power failure. */
  readonly powerCycles: number;
  /** The control plane's socket for agents. */
  readonly controlSocket: string;
  readonly version: string;
  /** `real-parts.ts` makes them. */
  readonly parts: AgentParts;
  /** Which engines work here; absent for a storage node. */
  readonly probe?: EngineProbe;
  /** Called when guests are in hand and the door is open. */
  readonly opened?: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface HostPlaces {
  readonly dataDirectory: string;
  readonly runDirectory: string;
}

/** Where one host or storage node has its own things. */
export function hostPlaces(role: AgentParts["role"], hostId: string, { dataDirectory, runDirectory }: HostPlaces): HostPlaces {
  return { dataDirectory: join(dataDirectory, role === "host" ? "hosts" : "storage", hostId), runDirectory: join(runDirectory, "hosts", hostId) };
}

/** Settles when the agent has left. */
export async function runAgent(options: RunAgentOptions): Promise<ClientEnd> {
  const { hostId, installation, imagesDirectory, parts, clock, random, log, signal } = options;
  const places = hostPlaces(parts.role, hostId, options);
  // Others may pass through: the unprivileged users of engines reach their own folders below.
  for (const directory of Object.values(places)) await mkdir(directory, { recursive: true, mode: 0o711 });
  const bootId = `${await readBootId()}${options.powerCycles === 0 ? "" : `-${options.powerCycles}`}`;
  const transport = unixSocketTransport(options.controlSocket);
  try {
    const agent = await startAgent({ hostId, installation, ...places, imagesDirectory, bootId, transport, parts, userOf: (id) => engineUser(id), ...descriptions(options), clock, random, log }, signal);
    await using _door = await openAgentSocket(join(places.runDirectory, "agent.sock"), agent);
    options.opened?.();
    const end = await agent.over;
    log.info("The agent leaves; guests and volumes go on", { end });
    return end;
  } finally {
    transport.close();
  }
}

function descriptions({ version, probe }: RunAgentOptions): Pick<AgentOptions, "describe" | "describeFully"> {
  if (probe === undefined) return { describe: async () => describeWith(version, noEngines) };
  return {
    describe: async (signal) => describeWith(version, await probe.soon(signal)),
    describeFully: async (signal) => describeWith(version, await probe.whole(signal)),
  };
}

function describeWith(version: string, engines: Availabilities): HostDescription {
  return { version, engines, machine: describeMachine() };
}

export function describeMachine(): HostDescription["machine"] {
  const processors = cpus();
  return { cpus: processors.length, memoryMib: Math.floor(totalmem() / 2 ** 20), cpuModel: processors[0]?.model ?? "unknown", kernel: release() };
}

const storageOnly: EngineAvailability = { works: false, engine: "none", reason: "a storage node runs no guests" };
const noEngines: Availabilities = { emulated: storageOnly, paravirtual: storageOnly, hardware: storageOnly };
