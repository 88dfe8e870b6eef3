/**
 * What an agent is put together from. The same agent runs real guests and simulated ones; only these parts differ.
 * Each part keeps its own state outside the agent's memory, so that a new agent with new parts finds everything again.
 */
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import type { MachineDisks } from "../disk/machine-disks.ts";
import type { Volumes } from "../disk/volumes.ts";
import type { Engine } from "../engine/engine.ts";
import type { RuleCounter } from "../protocol/counted-rule.ts";
import type { InterfaceSpecification, MachineSpecification, Virtualization, VpcSpecification } from "../protocol/specification.ts";
import type { ConsoleFiles } from "./console-files.ts";
import type { DurableFiles } from "./durable-files.ts";

export type Engines = Readonly<Record<Virtualization, Engine>>;

export interface HostNetwork {
  /** Makes the tap, owned by the engine's user, and says on which port of this host the guest's metadata is asked for. */
  prepareInterface(nic: InterfaceSpecification, user?: { uid: number; gid: number }): Promise<{ tap: string; metadataPort: number }>;
  /** Before or after the engine opened the tap; may be repeated, after adoption and when the specification changed. */
  connectInterface(nic: InterfaceSpecification): Promise<void>;
  /** The time to live of packets that carry a metadata token to this interface's guest. */
  setTokenHopLimit(id: InterfaceId, hopLimit: number): Promise<void>;
  /** Makes packets go as the specification says, now and for interfaces that are connected later; an agent says it anew when it starts. */
  applyVpc(specification: VpcSpecification): Promise<void>;
  /** Withdraws the VPC's specification: only DHCP, metadata and names are left to its interfaces. */
  removeVpc(id: VpcId): Promise<void>;
  /** What the VPC's rules here have counted; undefined: this host has none of its interfaces. */
  readCounters(vpc: VpcId): Promise<readonly RuleCounter[] | undefined>;
  removeInterface(id: InterfaceId): Promise<void>;
  /** Removes every interface that is not named. */
  retainOnly(ids: readonly InterfaceId[]): Promise<void>;
  /** Lets go without taking anything down. */
  close(): Promise<void>;
}

export interface MetadataService {
  /** Answers at the port for the machine as it then is, and says at each request that the guest was heard; may be repeated. */
  serve(port: number, machine: () => MachineSpecification | undefined, interfaceId: InterfaceId, heard: () => void): Promise<void> | void;
  stop(port: number): Promise<void> | void;
  close(): Promise<void> | void;
}

/** A host: it runs machines. */
export interface HostParts {
  readonly role: "host";
  readonly files: DurableFiles;
  readonly consoles: ConsoleFiles;
  readonly engines: Engines;
  readonly network: HostNetwork;
  readonly metadata: MetadataService;
  readonly disks: MachineDisks;
}

/** A storage node: it keeps volumes. */
export interface StorageParts {
  readonly role: "storage";
  readonly files: DurableFiles;
  readonly volumes: Volumes;
}

export type AgentParts = HostParts | StorageParts;
