/** What stands between two ends of a connection, one thing after the other, as `walk.ts` finds it. */
import type { InstanceId, SubnetId, VpcId } from "../../base/ids.ts";
import type { Direction } from "../../host/protocol/counted-rule.ts";
import type { PlacedInterface, SubnetSpecification, VpcSpecification } from "../../host/protocol/specification.ts";

export type HopName =
  | "sender"
  | "security-group-out"
  | "network-acl-out"
  | "route"
  | "public-address-out"
  | "public-address-in"
  | "gateway-in"
  | "host-path"
  | "network-acl-in"
  | "security-group-in"
  | "forwarding"
  | "answer"
  | "port";

/** `unknown`: nothing that can be seen from here decides it. */
export type Verdict = "passes" | "stops" | "unknown";

export interface Hop {
  readonly hop: HopName;
  readonly verdict: Verdict;
  /** The id of what decides: a group, an ACL, a route table, an interface, a host. */
  readonly at: string;
  /** What decides in it: a rule's id, an ACL entry's number, a route's destination. */
  readonly rule?: string;
  readonly reason: string;
  /** Where its packets are counted, or why they are not. */
  readonly counter?: CounterPlace | { readonly absent: string };
}

export interface CounterPlace {
  readonly host: string;
  readonly vpc: VpcId;
  readonly direction: Direction;
  /** As hosts name it in their counters. */
  readonly rule: string;
}

/** An address outside of every VPC; undefined stands for all those that no narrower block than 0.0.0.0/0, or ::/0, names. */
export type Address = string | undefined;

/** An interface at one end of the way, and what the hosts of its VPC are told. */
export interface InterfaceEnd {
  readonly kind: "interface";
  readonly nic: PlacedInterface;
  readonly subnet: SubnetSpecification;
  readonly vpc: VpcView;
  /** The one of its private addresses, or of those of IPv6, that the packets are for, or from. */
  readonly address: string;
  /** Stands for `address`. */
  readonly publicAddress?: string;
  readonly instance?: { readonly id: InstanceId; readonly state: string };
  readonly host?: HostView;
}

export interface OutsideEnd {
  readonly kind: "outside";
  readonly address: Address;
}

export type End = InterfaceEnd | OutsideEnd;

export interface VpcView {
  readonly specification: VpcSpecification;
  /** The ids behind what the specification says of each subnet. */
  readonly subnets: ReadonlyMap<SubnetId, SubnetView>;
}

export interface SubnetView {
  readonly routeTable: string;
  /** The ids of the table's targets, by destination. */
  readonly targets: ReadonlyMap<string, string>;
  readonly acl: string;
}

export interface HostView {
  readonly id: string;
  /** Simulated: there are no packets. */
  readonly simulated: boolean;
  /** Why the host may not do yet what the VPC's specification says; absent: it does. */
  readonly concern?: string;
}
