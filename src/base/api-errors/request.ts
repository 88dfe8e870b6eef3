/** Errors about the request as such: its action, its form, the service's state. */
import { ApiError } from "./class.ts";

export function dryRunOperation(): ApiError {
  return new ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
}

export function invalidAction(action: string): ApiError {
  return new ApiError("InvalidAction", `The action ${action} is not valid for this web service.`);
}

export function missingAction(): ApiError {
  return new ApiError("MissingAction", "The request must contain the parameter Action");
}

export function noSuchVersion(action: string, version: string): ApiError {
  return new ApiError("NoSuchVersion", `The requested version (${version}) of service AmazonEC2 does not exist for the action ${action}`);
}

export function malformedQueryString(message = "The query string contains a syntax error"): ApiError {
  return new ApiError("MalformedQueryString", message);
}

/** A body that is no document of its protocol: JSON or XML that does not parse, nesting beyond any use. */
export function serializationException(message: string): ApiError {
  return new ApiError("SerializationException", message);
}

export function requestEntityTooLarge(limitBytes: number): ApiError {
  return new ApiError("RequestEntityTooLarge", `Request body exceeds the limit of ${limitBytes} bytes.`, 413);
}

/** A real action of the service that this installation cannot carry out yet. */
export function unsupportedOperation(action: string): ApiError {
  return new ApiError("UnsupportedOperation", `The operation ${action} is not supported by this installation yet.`);
}

/** A request that the resource's nature forbids, such as stopping an instance with an instance-store root. */
export function unsupportedRequest(message: string): ApiError {
  return new ApiError("UnsupportedOperation", message);
}

export function operationNotPermitted(message: string): ApiError {
  return new ApiError("OperationNotPermitted", message);
}

export function dependencyViolation(message: string): ApiError {
  return new ApiError("DependencyViolation", message);
}

/** An account's quota is used up; the code names which, the message its limit. */
export function limitExceeded(code: `${string}LimitExceeded`, message: string): ApiError {
  return new ApiError(code, message);
}

export function requestLimitExceeded(): ApiError {
  return new ApiError("RequestLimitExceeded", "Request limit exceeded.", 503);
}

export function serviceUnavailable(): ApiError {
  return new ApiError("Unavailable", "The service is temporarily unavailable. Please try again.", 503);
}

/** The answer for whatever is our own fault; the cause is for the log only. */
export function internalError(cause?: unknown): ApiError {
  return new ApiError("InternalError", "An internal error has occurred", 500, cause === undefined ? undefined : { cause });
}
