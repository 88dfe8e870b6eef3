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
import type { EngineAvailability, HostDescription } from "../protocol/report.ts";
import type { Virtualization } from "../protocol/specification.ts";
import { startAgent } from "./agent.ts";
import { openAgentSocket } from "./agent-socket.ts";
import { engineUser } from "./confinement.ts";
import type { ClientEnd } from "./control-plane-client.ts";
import { unixSocketTransport } from "./control-plane-transport.ts";
import type { AgentParts, Engines } from "./parts.ts";

export interface RunAgentOptions {
  readonly hostId: string;
  /** Six hexadecimal digits. */
  readonly installation: string;
  /** The installation's DATA and RUN. */
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly imagesDirectory: string;
  /** The control plane's socket for agents. */
  readonly controlSocket: string;
  readonly version: string;
  /** `real-parts.ts` makes them. */
  readonly parts: AgentParts;
  /** Which engines work here; absent: each is tried by booting a guest. */
  readonly probe?: (signal: AbortSignal) => Promise<Availabilities>;
  /** Called when guests are in hand and the door is open. */
  readonly opened?: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export type Availabilities = Readonly<Record<Virtualization, EngineAvailability>>;

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
  const transport = unixSocketTransport(options.controlSocket);
  try {
    const agent = await startAgent({ hostId, installation, ...places, imagesDirectory, transport, parts, userOf: (id) => engineUser(id), describe: (stop) => describe(options, stop), clock, random, log }, signal);
    await using _door = await openAgentSocket(join(places.runDirectory, "agent.sock"), agent);
    options.opened?.();
    const end = await agent.over;
    log.info("The agent leaves; guests and volumes go on", { end });
    return end;
  } finally {
    transport.close();
  }
}

async function describe({ parts, version, probe }: RunAgentOptions, signal: AbortSignal): Promise<HostDescription> {
  const engines = parts.role === "storage" ? noEngines : await (probe ?? probeAll(parts.engines))(signal);
  return { version, engines, machine: describeMachine() };
}

export function describeMachine(): HostDescription["machine"] {
  const processors = cpus();
  return { cpus: processors.length, memoryMib: Math.floor(totalmem() / 2 ** 20), cpuModel: processors[0]?.model ?? "unknown", kernel: release() };
}

/** One after the other: a probe that shares the processor with another may run out of time. */
function probeAll(engines: Engines): (signal: AbortSignal) => Promise<Availabilities> {
  return async (signal) => ({
    hardware: await engines.hardware.probe(signal),
    paravirtual: await engines.paravirtual.probe(signal),
    emulated: await engines.emulated.probe(signal),
  });
}

const storageOnly: EngineAvailability = { works: false, engine: "none", reason: "a storage node runs no guests" };
const noEngines: Availabilities = { emulated: storageOnly, paravirtual: storageOnly, hardware: storageOnly };
