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
import type { AcceleratorDescription, CardDescription, EngineAvailability, HostDescription, MachineDescription } from "../protocol/report.ts";
import { startAgent, type AgentOptions } from "./agent.ts";
import { openAgentSocket } from "./agent-socket.ts";
import { engineUser } from "./confinement.ts";
import type { ClientEnd } from "./control-plane-client.ts";
import type { ControlPlaneTransport } from "./control-plane-transport.ts";
import type { FetchImage } from "./image-files.ts";
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
  /** Of a host on another machine than the images. */
  readonly fetchImage?: FetchImage;
  /** How often this host was switched on again: what ran before ended with a power failure. */
  readonly powerCycles: number;
  /** To the control plane; closed when the agent has left. */
  readonly transport: ControlPlaneTransport;
  readonly version: string;
  /** `real-parts.ts` makes them. */
  readonly parts: AgentParts;
  /** Which engines work here; absent for a storage node. */
  readonly probe?: EngineProbe;
  /** What the host has besides, as its parts found it; absent for a storage node. */
  readonly equipment?: Equipment;
  /** Called when guests are in hand and the door is open. */
  readonly opened?: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Equipment {
  /** Network cards that can split themselves. */
  readonly cards: readonly CardDescription[];
  readonly accelerators: readonly AcceleratorDescription[];
  readonly figures: Pick<MachineDescription, "diskGib" | "networkMbps">;
  /** Of packets inside VPCs, where that is less than they may have. */
  readonly mtu?: number;
  /** It is on the switch of the installation's own machine, and has wires there. */
  readonly isOnSwitch: boolean;
}

const noEquipment: Equipment = { cards: [], accelerators: [], figures: {}, isOnSwitch: false };

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
  const { hostId, installation, imagesDirectory, fetchImage, transport, parts, clock, random, log, signal } = options;
  const places = hostPlaces(parts.role, hostId, options);
  // Others may pass through: the unprivileged users of engines reach their own folders below.
  for (const directory of Object.values(places)) await mkdir(directory, { recursive: true, mode: 0o711 });
  const bootId = `${await readBootId()}${options.powerCycles === 0 ? "" : `-${options.powerCycles}`}`;
  try {
    const agent = await startAgent({ hostId, installation, ...places, imagesDirectory, ...(fetchImage === undefined ? {} : { fetchImage }), bootId, transport, parts, userOf: (id) => engineUser(id), ...descriptions(options), clock, random, log }, signal);
    await using _door = await openAgentSocket(join(places.runDirectory, "agent.sock"), agent);
    options.opened?.();
    const end = await agent.over;
    log.info("The agent leaves; guests and volumes go on", { end });
    return end;
  } finally {
    transport.close();
  }
}

function descriptions({ version, probe, equipment = noEquipment }: RunAgentOptions): Pick<AgentOptions, "describe" | "describeLater"> {
  const { cards, accelerators, figures, mtu, isOnSwitch } = equipment;
  const devices = { ...(cards.length === 0 ? {} : { cards }), ...(accelerators.length === 0 ? {} : { accelerators }), ...(mtu === undefined ? {} : { mtu }), ...(isOnSwitch ? { isOnSwitch } : {}) };
  const describe = (found: Availabilities): HostDescription => ({ version, ...found, ...devices, machine: { ...describeMachine(), ...figures } });
  if (probe === undefined) return { describe: async () => describe(noEngines) };
  return {
    describe: async (signal) => describe(await probe.soon(signal)),
    describeLater: probe.later.map((find) => async (signal) => describe(await find(signal))),
  };
}

export function describeMachine(): MachineDescription {
  const processors = cpus();
  return { cpus: processors.length, memoryMib: Math.floor(totalmem() / 2 ** 20), cpuModel: processors[0]?.model ?? "unknown", kernel: release() };
}

const storageOnly: EngineAvailability = { works: false, engine: "none", reason: "a storage node runs no guests" };
const noEngines: Availabilities = { engines: { emulated: storageOnly, paravirtual: storageOnly, hardware: storageOnly } };
