/** A peered VPC, as the hosts of the other one must know it. */
import type { PeeringConnectionId, VpcId } from "../../base/ids.ts";
import type { PlacedInterface } from "./specification.ts";

/** The VPC at the other end of a peering connection. No two of its addresses are the same, nor one of them and the VPC's own; those of two peers may be. */
export interface PeerSpecification {
  /** The connection's, as routes name it. */
  readonly id: PeeringConnectionId;
  readonly vpc: VpcId;
  /** The peer's. */
  readonly networkIdentifier: number;
  readonly cidrs: readonly string[];
  /** Absent: the peer has no IPv6. */
  readonly ipv6Cidrs?: readonly string[];
  /** Those that are on a host, and endpoints'. */
  readonly interfaces: readonly PeerInterface[];
}

/** `hostAddress` is absent of an endpoint's: every host that has the one VPC or the other has it. */
export type PeerInterface = Pick<PlacedInterface, "mac" | "privateAddresses" | "ipv6Addresses" | "groups" | "hostAddress" | "hostMtu">;
