/** Errors of the EBS direct API: few codes, and a reason as a member of its own (facts §4.8). */
import { ApiError } from "./class.ts";

export type ValidationReason =
  | "CONFLICTING_BLOCK_UPDATE"
  | "INVALID_BLOCK"
  | "INVALID_BLOCK_TOKEN"
  | "INVALID_CUSTOMER_KEY"
  | "INVALID_PAGE_TOKEN"
  | "INVALID_PARAMETER_VALUE"
  | "INVALID_SNAPSHOT_ID"
  | "INVALID_TAG"
  | "INVALID_VOLUME_SIZE"
  | "UNRELATED_SNAPSHOTS"
  | "WRITE_REQUEST_TIMEOUT";

export function directValidation(reason: ValidationReason, message: string): ApiError {
  return new ApiError("ValidationException", message, 400, { members: { Reason: reason } });
}

export function conflictingBlockUpdate(index: number): ApiError {
  return directValidation("CONFLICTING_BLOCK_UPDATE", `Block ${index} is being written with other content at the same time.`);
}

export function directSnapshotNotFound(id: string): ApiError {
  return new ApiError("ResourceNotFoundException", `The snapshot '${id}' does not exist.`, 404, { members: { Reason: "SNAPSHOT_NOT_FOUND" } });
}

/** A snapshot that others may use but not in this way: a public one, or another's that is to be written. */
export function directUnauthorized(id: string): ApiError {
  return new ApiError("AccessDeniedException", `The account is not authorized to access the snapshot '${id}' in this way.`, 403, { members: { Reason: "UNAUTHORIZED_ACCOUNT" } });
}

export function directConcurrentLimitExceeded(limit: number): ApiError {
  return new ApiError("ConcurrentLimitExceededException", `You have reached the limit of ${limit} pending snapshots that were started with StartSnapshot.`);
}

/** Codes of EC2's that what both services share may throw, as the direct API says them. */
const renamed: Readonly<Record<string, { readonly code: string; readonly status: number; readonly reason?: string }>> = {
  AccessDenied: { code: "AccessDeniedException", status: 403, reason: "UNAUTHORIZED_ACCOUNT" },
  IdempotentParameterMismatch: { code: "ConflictException", status: 409 },
  InternalError: { code: "InternalServerException", status: 500 },
  InvalidClientToken: { code: "ValidationException", status: 400, reason: "INVALID_PARAMETER_VALUE" },
  InvalidParameterValue: { code: "ValidationException", status: 400, reason: "INVALID_PARAMETER_VALUE" },
  SnapshotLimitExceeded: { code: "ServiceQuotaExceededException", status: 402 },
  TagLimitExceeded: { code: "ValidationException", status: 400, reason: "INVALID_TAG" },
};

export function toDirectError(error: ApiError): ApiError {
  const row = renamed[error.code];
  if (row === undefined) return error;
  return new ApiError(row.code, error.message, row.status, { cause: error, ...(row.reason === undefined ? {} : { members: { Reason: row.reason } }) });
}
