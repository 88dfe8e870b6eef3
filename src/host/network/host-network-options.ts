/** The network of one host as others see it: what it is told when it is opened, and what it does. */
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { RuleCounter } from "../protocol/counted-rule.ts";
import type { InterfaceSpecification, VpcSpecification } from "../protocol/specification.ts";
import type { FunctionPool } from "../virtual-function/function-pool.ts";
import type { AcceptServiceConnection } from "../services/service-relay.ts";
import type { TapUser } from "./interface-link.ts";

export interface HostNetworkOptions {
  readonly hostId: string;
  /** Six hexadecimal digits. */
  readonly installation: string;
  readonly stateDirectory: string;
  /** This host's device on the underlay network. */
  readonly underlayDevice: string;
  /** That is a port of the switch of the installation's own machine, which carries any frames; absent: it may be anything. */
  readonly isOnSwitch?: boolean;
  /** Whom the VPCs' resolvers ask; with none, no name outside the VPC exists. */
  readonly resolvers: readonly string[];
  readonly log: Log;
  /** For what need not survive the machine; daemons without privileges must be able to read it. */
  readonly runDirectory: string;
  /** The virtual functions of the host's cards; absent: it has none. */
  readonly functions?: FunctionPool;
  /** The services of the installation: their public address, and who takes guests' connections to them and to endpoints. Absent: guests reach none. */
  readonly services?: { readonly address: string; readonly accept: AcceptServiceConnection };
}

export interface PreparedInterface {
  readonly tap: string;
  /** The virtual function that is the guest's instead, by its PCI address. */
  readonly cardFunction?: string;
  /** Metadata requests of this interface's guest arrive at this port of the host's namespace. */
  readonly metadataPort: number;
  /** Of packets inside the VPC. */
  readonly mtu: number;
}

export interface HostNetwork {
  /** Makes the VPC's namespace on demand and a persistent tap in this namespace, for the engine's `user` to open. */
  prepareInterface(nic: InterfaceSpecification, user?: TapUser): Promise<PreparedInterface>;
  /** Lets traffic flow as the VPC's specification says; until there is one, only DHCP, metadata and names. Before or after the engine opened the tap; also after adoption and when the specification changed. */
  connectInterface(nic: InterfaceSpecification): Promise<void>;
  /** Sets the time to live of packets that carry a metadata token to this interface's guest; 1 until it is called. */
  setTokenHopLimit(id: InterfaceId, hopLimit: number): Promise<void>;
  /** Makes packets go as the specification says, now and for interfaces that are connected later. Kept in memory only: an agent says it anew when it starts. */
  applyVpc(specification: VpcSpecification): Promise<void>;
  /** Withdraws the VPC's specification. */
  removeVpc(id: VpcId): Promise<void>;
  /** What the VPC's rules here have counted; undefined while none of its interfaces is here. */
  readCounters(vpc: VpcId): Promise<readonly RuleCounter[] | undefined>;
  /** Those of these interfaces whose guests do not answer for their addresses; takes some seconds. */
  findSilent(ids: readonly InterfaceId[]): Promise<ReadonlySet<InterfaceId>>;
  /** The VPC's namespace goes with its last interface. */
  removeInterface(id: InterfaceId): Promise<void>;
  /** Removes everything that belongs to none of these interfaces. */
  retainOnly(ids: readonly InterfaceId[]): Promise<void>;
  /** Leaves all in place: guests keep their network. */
  close(): Promise<void>;
}
