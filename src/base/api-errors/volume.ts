/** Errors of volumes and block device mappings. */
import { ApiError } from "./class.ts";

export function invalidBlockDeviceMapping(message: string): ApiError {
  return new ApiError("InvalidBlockDeviceMapping", message);
}

export function unknownVolumeType(type: string): ApiError {
  return new ApiError("UnknownVolumeType", `Unsupported volume type '${type}' for volume creation.`);
}
