/** One record of a flow log as its line. Pure. */
import { isIpv6Text } from "../../../base/ipv6.ts";
import type { FlowLogField, FlowLogSpecification, LoggedInterface } from "../../protocol/flow-log.ts";
import type { Amount, Flow } from "./flow-counts.ts";

export interface FlowRecord extends Amount {
  readonly flow: Flow;
  readonly action: "ACCEPT" | "REJECT";
  /** Milliseconds since 1970, of the first and the last packet. */
  readonly startMs: number;
  readonly endMs: number;
}

/** Instead of records: nothing passed, or not everything could be counted. */
export interface MissingRecord {
  readonly status: "NODATA" | "SKIPDATA";
  readonly startMs: number;
  readonly endMs: number;
}

export interface RecordPlace {
  readonly log: FlowLogSpecification;
  readonly nic: LoggedInterface;
  readonly vpc: string;
}

/** The fields of the log's format, with a dash for what there is not. */
export function flowLogLine(place: RecordPlace, record: FlowRecord | MissingRecord): string {
  const known = { ...placeFields(place), ...("flow" in record ? flowFields(record) : {}), ...commonFields(record) };
  return place.log.fields.map((field) => (field === "version" ? String(formatVersion(place.log.fields)) : (known[field] ?? "-"))).join(" ");
}

type Fields = Partial<Record<FlowLogField, string>>;

/** The highest version of the format that one of its fields belongs to. */
export function formatVersion(fields: readonly FlowLogField[]): number {
  return Math.max(...fields.map((field) => newerFields[field] ?? 2));
}

const newerFields: Partial<Record<FlowLogField, number>> = {
  ...{ "vpc-id": 3, "subnet-id": 3, "instance-id": 3, type: 3, "pkt-srcaddr": 3, "pkt-dstaddr": 3 },
  ...{ region: 4, "az-id": 4, "sublocation-type": 4, "sublocation-id": 4, "flow-direction": 5 },
};

function placeFields({ log, nic, vpc }: RecordPlace): Fields {
  return {
    "account-id": log.account,
    "interface-id": nic.id,
    "vpc-id": vpc,
    "subnet-id": nic.subnet,
    ...(nic.instance === undefined ? {} : { "instance-id": nic.instance }),
    region: log.region,
    ...(nic.zoneId === undefined ? {} : { "az-id": nic.zoneId }),
  };
}

function flowFields({ flow, action, packets, bytes }: FlowRecord): Fields {
  return {
    srcaddr: flow.source,
    dstaddr: flow.destination,
    srcport: String(flow.sourcePort),
    dstport: String(flow.destinationPort),
    protocol: String(flow.protocol),
    packets: String(packets),
    bytes: String(bytes),
    action,
    type: isIpv6Text(flow.source) ? "IPv6" : "IPv4",
    "pkt-srcaddr": flow.source,
    "pkt-dstaddr": flow.destination,
    "flow-direction": flow.direction === "leave" ? "egress" : "ingress",
  };
}

function commonFields(record: FlowRecord | MissingRecord): Fields {
  return { start: seconds(record.startMs), end: seconds(record.endMs), "log-status": "flow" in record ? "OK" : record.status };
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000));
}
