/** IAM's own errors. Their codes are without the `Exception` that the service's model gives their shapes. */
import { ApiError } from "./class.ts";

export function malformedPolicyDocument(message: string): ApiError {
  return new ApiError("MalformedPolicyDocument", message);
}

/** `The user with name x cannot be found.` */
export function noSuchEntity(message: string): ApiError {
  return new ApiError("NoSuchEntity", message, 404);
}

export function entityAlreadyExists(message: string): ApiError {
  return new ApiError("EntityAlreadyExists", message, 409);
}

export function deleteConflict(message: string): ApiError {
  return new ApiError("DeleteConflict", message, 409);
}

export function identityLimitExceeded(message: string): ApiError {
  return new ApiError("LimitExceeded", message, 409);
}

export function invalidIdentityInput(message: string): ApiError {
  return new ApiError("InvalidInput", message);
}

export function passwordPolicyViolation(message: string): ApiError {
  return new ApiError("PasswordPolicyViolation", message);
}

/** For a password that is not changed. */
export function passwordUnchangeable(message: string): ApiError {
  return new ApiError("AccessDenied", message, 403);
}

export function invalidAuthenticationCode(message: string): ApiError {
  return new ApiError("InvalidAuthenticationCode", message, 403);
}

/** A value that the service's model does not allow. */
export function identityValidationError(message: string): ApiError {
  return new ApiError("ValidationError", message);
}

export function policyNotAttachable(message: string): ApiError {
  return new ApiError("PolicyNotAttachable", message);
}
