/** CreateFlowLogs as requests have it, checked (facts §7.12). */
import { type ApiError, invalidParameter, invalidValueOf, isApiError, logDestinationNotFound, logDestinationPermission, missingParameter, unsupportedRequest } from "../base/api-error.ts";
import type { FlowTraffic } from "../host/protocol/flow-log.ts";
import type { FlowLogPlan } from "../network/flow-log.ts";
import { defaultFlowLogFormat, parseFlowLogFormat } from "../network/flow-log-specification.ts";
import type { Tx } from "../store/store.ts";
import { requireOwnedRow, type Owner } from "./owned-rows.ts";

interface FlowLogRequest {
  readonly ResourceIds?: readonly string[] | undefined;
  readonly ResourceType?: string | undefined;
  readonly TrafficType?: string | undefined;
  readonly LogDestinationType?: string | undefined;
  readonly LogDestination?: string | undefined;
  readonly LogGroupName?: string | undefined;
  readonly LogFormat?: string | undefined;
  readonly DeliverLogsPermissionArn?: string | undefined;
  readonly MaxAggregationInterval?: number | undefined;
}

/** What all flow logs of the request have in common. */
export type CommonPlan = Omit<FlowLogPlan, "account" | "region" | "resource_id" | "vpc_id">;

/** By the request's word: where the resource is kept, and its type in ARNs. */
const resourceKinds = {
  VPC: { table: "vpcs", type: "vpc" },
  Subnet: { table: "subnets", type: "subnet" },
  NetworkInterface: { table: "network_interfaces", type: "network-interface" },
} as const;
const otherResources = ["TransitGateway", "TransitGatewayAttachment", "RegionalNatGateway"];
const traffics: readonly FlowTraffic[] = ["ACCEPT", "REJECT", "ALL"];
const intervals = [60, 600];

export function parseFlowLogRequest(request: FlowLogRequest, owner: Owner): CommonPlan {
  const { TrafficType, MaxAggregationInterval = 600, LogFormat = defaultFlowLogFormat } = request;
  if (TrafficType === undefined) throw missingParameter("trafficType");
  const traffic = traffics.find((each) => each === TrafficType);
  if (traffic === undefined) throw invalidValueOf("trafficType", TrafficType);
  if (!intervals.includes(MaxAggregationInterval)) throw invalidParameter("Invalid Flow Log Max Aggregation Interval");
  if (parseFlowLogFormat(LogFormat) === undefined) throw invalidParameter(`The log format '${LogFormat}' has a field that is unknown or not supported yet.`);
  return { traffic, interval_seconds: MaxAggregationInterval, format: LogFormat, ...parseDestination(request, owner) };
}

function parseDestination(request: FlowLogRequest, owner: Owner): Pick<CommonPlan, "destination_type" | "destination" | "log_group" | "permission_arn"> {
  const { LogDestinationType: kind = "cloud-watch-logs", LogDestination: destination, LogGroupName: group, DeliverLogsPermissionArn: permission } = request;
  if (kind === "kinesis-data-firehose") throw unsupportedRequest("Flow logs to Firehose are not supported yet.");
  if (kind !== "cloud-watch-logs" && kind !== "s3") throw invalidValueOf("logDestinationType", kind);
  if (group !== undefined && kind === "s3") throw invalidParameter("LogDestination type must be cloud-watch-logs if LogGroupName is provided.");
  if (group !== undefined && destination !== undefined) throw invalidParameter("Please only provide LogGroupName or only provide LogDestination.");
  if (group === undefined && destination === undefined) throw invalidParameter("LogDestination can't be empty if LogGroupName is not provided.");
  if (kind === "s3") return { destination_type: kind, destination: requireBucket(destination ?? ""), log_group: null, permission_arn: null };
  if (permission === undefined) throw invalidParameter("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.");
  return { destination_type: kind, destination: destination ?? "", log_group: requireFolders(group ?? groupOfArn(destination ?? "", owner)), permission_arn: permission };
}

/** `arn:aws:s3:::bucket` and perhaps folders. */
function requireBucket(arn: string): string {
  const [, path] = /^arn:[\w-]+:s3:::(.+)$/.exec(arn) ?? [];
  if (path === undefined) throw invalidParameter(`LogDestination: ${arn} is not the ARN of a bucket.`);
  requireFolders(path.replace(/\/$/, ""));
  return arn;
}

/** Log groups are an account's own in a region; nobody can let another account write to one. */
function groupOfArn(arn: string, owner: Owner): string {
  const [, region, account, group] = /^arn:[\w-]+:logs:([\w-]*):(\d*):log-group:(.+?)(?::\*)?$/.exec(arn) ?? [];
  if (group === undefined) throw invalidParameter(`LogDestination: ${arn} is not the ARN of a log group.`);
  if (region !== owner.region || account !== owner.account) throw logDestinationPermission(arn);
  return group;
}

/** Names of log groups and buckets become folders. */
function requireFolders(path: string): string {
  const folders = path.replace(/^\//, "").split("/");
  const sound = path.length <= 512 && folders.every((folder) => /^[\w.#-]+$/.test(folder) && folder !== "." && folder !== "..");
  if (!sound) throw logDestinationNotFound(path);
  return path;
}

export interface LoggedResource {
  /** As in ARNs. */
  readonly type: string;
  readonly resource_id: FlowLogPlan["resource_id"];
  readonly vpc_id: FlowLogPlan["vpc_id"];
}

export interface RequestedResources {
  readonly found: readonly LoggedResource[];
  /** Those that are not there, with what EC2 says of each. */
  readonly missing: readonly { readonly id: string; readonly error: ApiError }[];
}

export async function findLoggedResources(tx: Tx, owner: Owner, { ResourceIds: ids = [], ResourceType: type }: FlowLogRequest): Promise<RequestedResources> {
  if (type === undefined) throw missingParameter("resourceType");
  if (ids.length === 0) throw missingParameter("resourceIds");
  if (otherResources.includes(type)) throw unsupportedRequest(`Flow logs of the resource type ${type} are not supported yet.`);
  if (type !== "VPC" && type !== "Subnet" && type !== "NetworkInterface") throw invalidValueOf("resourceType", type);
  const { table, type: arnType } = resourceKinds[type];
  const found: LoggedResource[] = [];
  const missing: { id: string; error: ApiError }[] = [];
  for (const id of new Set(ids)) {
    try {
      const row = await requireOwnedRow(tx, table, owner, id);
      found.push({ type: arnType, resource_id: row.id, vpc_id: "vpc_id" in row ? row.vpc_id : row.id });
    } catch (thrown) {
      if (!isApiError(thrown)) throw thrown;
      missing.push({ id, error: thrown });
    }
  }
  return { found, missing };
}
