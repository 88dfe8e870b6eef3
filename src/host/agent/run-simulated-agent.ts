/**
 * A simulated host: the same agent with parts that hold only records. Hundreds live in one process and share one transport; one that
 * has nothing to do costs a pending long poll.
 */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { AcceleratorDescription, HostDescription } from "../protocol/report.ts";
import { startAgent, type Agent } from "./agent.ts";
import type { GuestWatchTiming } from "./guest-watch.ts";
import type { ControlPlaneTransport } from "./control-plane-transport.ts";
import type { AgentParts } from "./parts.ts";

export interface SimulatedAgentOptions {
  readonly hostId: string;
  readonly installation: string;
  /** May be shared by all hosts of the process. */
  readonly transport: ControlPlaneTransport;
  /** `simulatedHost(simulatedEngines(room, program))` or `simulatedStorage()`; the program decides how long a boot takes and what goes wrong. */
  readonly parts: AgentParts;
  readonly version: string;
  readonly machine: HostDescription["machine"];
  /** Absent: the physical machine never restarts. */
  readonly bootId?: string;
  readonly watchTiming?: GuestWatchTiming;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** So many that every type can be launched, and again and again. */
export const playedAccelerators: readonly AcceleratorDescription[] = [{ model: "simulated", count: 65_536 }];

/** Simulated parts have no serial output: nothing is worth a message. */
const noConsole = { betweenUploadsMs: 2 ** 31 - 1, quietMs: 2 ** 31 - 1, settledByMs: 2 ** 31 - 1, retryMs: 2 ** 31 - 1 };

/** Returns when the host is in hand; it goes on until the signal aborts. */
export function startSimulatedAgent(options: SimulatedAgentOptions): Promise<Agent> {
  const { hostId, installation, transport, parts, version, machine, clock, random, log, signal } = options;
  const works = parts.role === "host";
  const availability = works ? { works, engine: "simulated" } : { works, engine: "none", reason: "a storage node runs no guests" };
  const description = { version, machine, ...(works ? { accelerators: playedAccelerators } : {}), engines: { emulated: availability, paravirtual: availability, hardware: availability }, arm64: availability };
  return startAgent(
    {
      hostId,
      installation,
      dataDirectory: "/simulated/data",
      runDirectory: "/simulated/run",
      imagesDirectory: "/simulated/images",
      bootId: options.bootId ?? "simulated",
      transport,
      parts,
      userOf: () => undefined,
      describe: async () => description,
      clock,
      random,
      log,
      consoleTiming: noConsole,
      ...(options.watchTiming === undefined ? {} : { watchTiming: options.watchTiming }),
    },
    signal,
  );
}
