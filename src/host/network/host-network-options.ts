/** What the network of one host is told when it is opened. */
import type { Log } from "../../base/log.ts";

export interface HostNetworkOptions {
  readonly hostId: string;
  /** Six hexadecimal digits. */
  readonly installation: string;
  readonly stateDirectory: string;
  /** This host's device on the underlay network. */
  readonly underlayDevice: string;
  /** Whom the VPCs' resolvers ask; with none, no name outside the VPC exists. */
  readonly resolvers: readonly string[];
  readonly log: Log;
  /** For what need not survive the machine; daemons without privileges must be able to read it. */
  readonly runDirectory: string;
}
