/** Errors of EC2 Instance Connect (facts §9.1). */
import { ApiError } from "./class.ts";

export function connectArguments(message: string): ApiError {
  return new ApiError("InvalidArgsException", message);
}

export function connectInstanceNotFound(id: string): ApiError {
  return new ApiError("EC2InstanceNotFoundException", `The instance ${id} does not exist.`);
}

export function connectInstanceState(id: string, state: string): ApiError {
  return new ApiError("EC2InstanceStateInvalidException", `The instance ${id} is ${state}. Start it, and try again when it is running.`);
}

export function connectInstanceUnavailable(id: string): ApiError {
  return new ApiError("EC2InstanceUnavailableException", `The instance ${id} is currently unavailable. Wait a few minutes and try again.`, 503);
}

export function serialAccessDisabled(): ApiError {
  return new ApiError("SerialConsoleAccessDisabledException", "The account is not authorized to use the EC2 serial console. Enable it with EnableSerialConsoleAccess.", 403);
}
