/** Errors of flow logs (facts §7.12). */
import { ApiError } from "./class.ts";

export function flowLogExists(): ApiError {
  return new ApiError("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination.");
}

export function flowLogLimitExceeded(resourceId: string, limit: number): ApiError {
  return new ApiError("FlowLogsLimitExceeded", `The maximum number of flow logs for the resource ${resourceId} has been reached (${limit}).`);
}

/** A place of another account's, or of another region. */
export function logDestinationPermission(destination: string): ApiError {
  return new ApiError("LogDestinationPermissionIssue", `Access Denied for LogDestination: ${destination}. Please check LogDestination permission`);
}

export function logDestinationNotFound(destination: string): ApiError {
  return new ApiError("LogDestinationNotFound", `LogDestination: ${destination} does not exist`);
}
