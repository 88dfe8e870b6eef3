/** Flow logs: which interfaces' packets are to be recorded, in which form and where (facts §7.12). */
import type { Id, InstanceId, InterfaceId, SubnetId } from "../../base/ids.ts";

export type FlowTraffic = "ACCEPT" | "REJECT" | "ALL";

/** The fields that records may have, by EC2's names; the first fourteen are those of the default format, in its order. */
export const flowLogFields = [
  "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status",
  "vpc-id", "subnet-id", "instance-id", "type", "pkt-srcaddr", "pkt-dstaddr", "region", "az-id", "sublocation-type", "sublocation-id", "flow-direction",
] as const;
export const defaultFlowLogFields = flowLogFields.slice(0, 14);
export type FlowLogField = (typeof flowLogFields)[number];

export interface FlowLogSpecification {
  readonly id: Id<"flowLog">;
  readonly account: string;
  readonly region: string;
  readonly traffic: FlowTraffic;
  readonly intervalSeconds: number;
  readonly fields: readonly FlowLogField[];
  readonly destination: FlowLogDestination;
  /** Those of the log that are on this host. */
  readonly interfaces: readonly LoggedInterface[];
}

/** Folders below that of the installation's flow logs. `prefix` is empty or ends with a slash. */
export type FlowLogDestination = { readonly kind: "cloud-watch-logs"; readonly group: string } | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string };

export interface LoggedInterface {
  readonly id: InterfaceId;
  readonly subnet: SubnetId;
  readonly zoneId?: string;
  readonly instance?: InstanceId;
}
