/** Errors of snapshots. */
import { ApiError } from "./class.ts";

/** A snapshot whose blocks are not all there, or never will be. */
export function snapshotNotCompleted(state: string): ApiError {
  return new ApiError("IncorrectState", `Snapshot is in invalid state - ${state}`);
}

export function snapshotInUse(snapshotId: string, imageId: string): ApiError {
  return new ApiError("InvalidSnapshot.InUse", `The snapshot ${snapshotId} is currently in use by ${imageId}`);
}

/** A volume of which no snapshot can be taken now. */
export function volumeNotSnapshotable(volumeId: string, state: string): ApiError {
  return new ApiError("IncorrectState", `The volume '${volumeId}' is in the '${state}' state. A snapshot can be created of a volume that is 'available' or 'in-use'.`);
}

export function concurrentSnapshotLimitExceeded(): ApiError {
  return new ApiError("ConcurrentSnapshotLimitExceeded", "Maximum allowed in-progress snapshots for a single volume exceeded.");
}

export function snapshotRateExceeded(): ApiError {
  return new ApiError(
    "SnapshotCreationPerVolumeRateExceeded",
    "The maximum per volume CreateSnapshot request rate has been exceeded. Use an increasing or variable sleep interval between requests.",
  );
}

/** Too many copies under way at once. */
export function concurrentCopiesExceeded(limit: number): ApiError {
  return new ApiError("ResourceLimitExceeded", `The maximum number of snapshot copies in progress, ${limit}, has been reached. Wait until one of them has completed.`);
}

/** An account's id that is none, where one is to be given something. */
export function invalidUserId(id: string): ApiError {
  return new ApiError("InvalidUserID.Malformed", `Invalid user id: "${id}"`);
}

/** An import that is over cannot be cancelled. */
export function importTaskNotActive(id: string, state: string): ApiError {
  return new ApiError("IncorrectState", `The import task '${id}' is in the '${state}' state. Expecting 'active'.`);
}
