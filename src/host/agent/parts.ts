/**
 * What an agent is put together from. The same agent runs real guests and simulated ones; only these parts differ.
 * Each part keeps its own state outside the agent's memory, so that a new agent with new parts finds everything again.
 */
import type { Duplex } from "node:stream";
import type { InterfaceId } from "../../base/ids.ts";
import type { Accelerators } from "../accelerator/accelerator-pool.ts";
import type { MachineDisks } from "../disk/machine-disks.ts";
import type { Volumes } from "../disk/volumes.ts";
import type { Engine } from "../engine/engine.ts";
import type { HostNetwork } from "../network/host-network-options.ts";
import type { Processors } from "../processor/processor-keeper.ts";
import type { MachineSpecification, Virtualization } from "../protocol/specification.ts";
import type { StreamTarget } from "../protocol/stream.ts";
import type { ConsoleFiles } from "./console-files.ts";
import type { DurableFiles } from "./durable-files.ts";

export type Engines = Readonly<Record<Virtualization, Engine>>;

export interface MetadataService {
  /** Answers at the port for the machine as it then is, and says at each request that the guest was heard; may be repeated. */
  serve(port: number, machine: () => MachineSpecification | undefined, interfaceId: InterfaceId, heard: () => void): Promise<void> | void;
  stop(port: number): Promise<void> | void;
  close(): Promise<void> | void;
}

export interface StreamTargets {
  /** Rejects with a StreamError, or when the signal aborts. */
  open(target: StreamTarget, signal: AbortSignal): Promise<Duplex>;
}

/** A host: it runs machines. */
export interface HostParts {
  readonly role: "host";
  readonly files: DurableFiles;
  readonly consoles: ConsoleFiles;
  readonly accelerators: Accelerators;
  readonly engines: Engines;
  readonly network: HostNetwork;
  readonly metadata: MetadataService;
  readonly disks: MachineDisks;
  readonly processors: Processors;
  readonly streams: StreamTargets;
}

/** A storage node: it keeps volumes. */
export interface StorageParts {
  readonly role: "storage";
  readonly files: DurableFiles;
  readonly volumes: Volumes;
}

export type AgentParts = HostParts | StorageParts;
