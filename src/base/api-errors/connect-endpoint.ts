/** Errors of Instance Connect Endpoints and of tunnels through them (facts §9.4). */
import { ApiError } from "./class.ts";

export function connectEndpointLeaving(id: string): ApiError {
  return new ApiError("IncorrectState", `The Instance Connect Endpoint '${id}' is being deleted.`);
}

export function connectEndpointUnready(id: string, state: string): ApiError {
  return new ApiError("IncorrectState", `The Instance Connect Endpoint '${id}' is in the state ${state}. Try again when it is complete.`);
}

/** A word of a tunnel's address that is not as it must be. */
export function tunnelArguments(message: string): ApiError {
  return new ApiError("InvalidArgsException", message);
}

export function tunnelLimit(id: string, limit: number): ApiError {
  return new ApiError("TunnelLimitExceeded", `The Instance Connect Endpoint '${id}' has ${limit} connections, as many as it takes. Close some and try again.`, 429);
}
