/** Errors of volumes, their attachments and keys, and block device mappings. */
import { ApiError } from "./class.ts";
import { invalidParameterValue, invalidValueOf } from "./parameter.ts";

export function invalidBlockDeviceMapping(message: string): ApiError {
  return new ApiError("InvalidBlockDeviceMapping", message);
}

export function unknownVolumeType(type: string): ApiError {
  return new ApiError("UnknownVolumeType", `Unsupported volume type '${type}' for volume creation.`);
}

export function volumeSizeOutOfRange(sizeGib: number, bounds: { readonly minimum: number; readonly maximum: number }): ApiError {
  const [which, bound] = sizeGib < bounds.minimum ? ["small; minimum", bounds.minimum] : ["large; maximum", bounds.maximum];
  return invalidParameterValue(`Volume of ${sizeGib}GiB is too ${which} is ${bound}GiB.`);
}

export function volumeIopsOutOfRange(iops: number, bounds: { readonly minimum: number; readonly maximum: number }): ApiError {
  const [which, bound] = iops < bounds.minimum ? ["low; minimum", bounds.minimum] : ["high; maximum", bounds.maximum];
  return invalidParameterValue(`Volume iops of ${iops} is too ${which} is ${bound}.`);
}

export function volumeIopsRatioTooHigh(ratio: number, maximum: number): ApiError {
  return invalidParameterValue(`Iops to volume size ratio of ${ratio.toFixed(6)} is too high; maximum is ${maximum}`);
}

export function volumeThroughputOutOfRange(throughput: number, bounds: { readonly minimum: number; readonly maximum: number }): ApiError {
  const [which, bound] = throughput < bounds.minimum ? ["low; minimum", bounds.minimum] : ["high; maximum", bounds.maximum];
  return invalidParameterValue(`Throughput (MiBps) of ${throughput} is too ${which} is ${bound}.`);
}

export function volumeThroughputRatioTooHigh(ratio: number, maximum: number): ApiError {
  return invalidParameterValue(`Throughput (MiBps) to iops ratio of ${ratio.toFixed(6)} is too high; maximum is ${maximum.toFixed(6)} MiBps per iops`);
}

/** A figure that volumes of this type do not have. */
export function notOfVolumeType(parameter: string, type: string): ApiError {
  return new ApiError("InvalidParameterCombination", `The parameter ${parameter} is not supported for ${type} volumes.`);
}

/** A volume cannot be smaller than what it begins as; of a mapping EC2 says so with another code. */
export function volumeSmallerThanSnapshot(sizeGib: number, snapshot: { readonly id: string; readonly sizeGib: number }, inMapping: boolean): ApiError {
  const message = `Volume of size ${sizeGib}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.sizeGib}GB`;
  return inMapping ? invalidBlockDeviceMapping(message) : invalidParameterValue(message);
}

/** The quota of IOPS, met by a change; EC2's code for it does not end like those of other quotas. */
export function volumeIopsLimit(type: string, maximum: number): ApiError {
  return new ApiError("VolumeIOPSLimit", `The maximum IOPS of ${type} volumes, ${maximum}, have been reached.`);
}

export function bootForVolumeTypeUnsupported(type: string): ApiError {
  return new ApiError("BootForVolumeTypeUnsupported", `The volume type '${type}' cannot be used as a boot volume.`);
}

export function insufficientVolumeCapacity(zone: string): ApiError {
  return new ApiError("InsufficientVolumeCapacity", `There is not enough capacity to create the volume in the Availability Zone ${zone}.`, 500);
}

export function zoneNotFound(zone: string): ApiError {
  return new ApiError("InvalidZone.NotFound", `The zone '${zone}' does not exist.`);
}

/** A parameter that means nothing without another. */
export function parameterRequires(parameter: string, other: string): ApiError {
  return new ApiError("InvalidParameterDependency", `The parameter ${parameter} requires the parameter ${other} to be set.`);
}

export function invalidKmsKey(asked: string): ApiError {
  return invalidValueOf("kmsKeyId", asked, "It is no key id, alias or ARN of a key of this account and region.");
}

/** A volume that is not in the state that the action needs. */
export function volumeNotInState(id: string, wanted: string): ApiError {
  return new ApiError("IncorrectState", `The volume '${id}' is not '${wanted}'.`);
}

export function volumeInUse(id: string, instanceId: string): ApiError {
  return new ApiError("VolumeInUse", `Volume ${id} is currently attached to ${instanceId}`);
}

export function volumeAlreadyAttached(id: string): ApiError {
  return new ApiError("VolumeInUse", `${id} is already attached to an instance`);
}

export function volumeZoneMismatch(id: string, instanceId: string): ApiError {
  return new ApiError("InvalidVolume.ZoneMismatch", `The volume '${id}' is not in the same availability zone as instance '${instanceId}'`);
}

/** AttachVolume, to an instance that is about to be something else. */
export function instanceNotAttachable(id: string): ApiError {
  return new ApiError("IncorrectInstanceState", `Instance '${id}' is not 'running'.`);
}

export function invalidDeviceName(device: string): ApiError {
  return invalidValueOf("device", device, `${device} is not a valid EBS device name.`);
}

export function deviceInUse(device: string): ApiError {
  return invalidParameterValue(`Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`);
}

export function attachmentLimitExceeded(limit: number): ApiError {
  return new ApiError("AttachmentLimitExceeded", `Volume attachment limit exceeded: at most ${limit} volumes can be attached.`);
}

/** DetachVolume, of a volume that nothing holds. */
export function volumeNotAttached(id: string): ApiError {
  return new ApiError("IncorrectState", `Volume '${id}' is in the 'available' state.`);
}

/** The volume is attached, but not to this instance or not as this device. */
export function attachmentNotFound(id: string, where: string): ApiError {
  return new ApiError("InvalidAttachment.NotFound", `The volume '${id}' is not attached to ${where}.`);
}

export function rootVolumeNotDetachable(id: string, instanceId: string): ApiError {
  return new ApiError("OperationNotPermitted", `Unable to detach root volume '${id}' from instance '${instanceId}'`);
}

/** StartInstances, of an instance whose root volume was detached. */
export function noRootVolume(instanceId: string, device: string): ApiError {
  return invalidParameterValue(`Invalid value '${instanceId}' for instanceId. Instance does not have a volume attached at root (${device})`);
}

export function incorrectModificationState(id: string, state: string): ApiError {
  return new ApiError("IncorrectModificationState", `Cannot modify volume ${id}, currently in modification state '${state}'.`);
}

export function modificationRateExceeded(limit: number): ApiError {
  return new ApiError(
    "VolumeModificationRateExceeded",
    `You've reached the maximum modification rate per volume limit. At most ${limit} modifications are possible in 24 hours for each EBS volume.`,
  );
}

export function modificationNotFound(ids: readonly string[]): ApiError {
  return new ApiError("InvalidVolumeModification.NotFound", `Modification for volume '${ids.join(", ")}' does not exist.`);
}
