/** Rows of Instance Connect Endpoints; the conventions are in `tables.ts`. */
import type { ConnectEndpointId, SubnetId, VpcId } from "../base/ids.ts";
import type { Flag } from "./tables.ts";

export interface ConnectEndpointRow {
  id: ConnectEndpointId;
  account: string;
  region: string;
  zone: string;
  vpc_id: VpcId;
  subnet_id: SubnetId;
  /** JSON array of security group ids: those of its interface. */
  group_ids: string;
  preserve_client_ip: Flag;
  want: "present" | "deleted";
  /** 1 when it is made, and one more with each change. */
  generation: number;
  /** The generation that every host has; 0: none yet. */
  settled_generation: number;
  created_at: number;
}
