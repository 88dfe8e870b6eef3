/** Errors of images. */
import { ApiError } from "./class.ts";

export function duplicateImageName(name: string, imageId: string): ApiError {
  return new ApiError("InvalidAMIName.Duplicate", `AMI name ${name} is already in use by AMI ${imageId}`);
}

export function malformedImageName(): ApiError {
  return new ApiError(
    "InvalidAMIName.Malformed",
    "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'",
  );
}

/** Another account's image or snapshot, which the caller may use and nothing more. */
export function notAuthorizedFor(kind: "image" | "snapshot", id: string): ApiError {
  return new ApiError("AuthFailure", `Not authorized for ${kind}:${id}`, 403);
}

/** An image in a state that the operation does not take. */
export function imageNotInState(id: string, state: string, wanted: string): ApiError {
  return new ApiError("IncorrectState", `The image '${id}' is in the '${state}' state. Expecting '${wanted}'.`);
}

export function imageProtected(id: string): ApiError {
  return new ApiError("OperationNotPermitted", `The image '${id}' may not be deregistered. Disable its deregistration protection and try again.`);
}

/** An instance of which no image can be made now. */
export function instanceNotImageable(id: string, state: string): ApiError {
  return new ApiError("IncorrectState", `Instance '${id}' is in the '${state}' state. An image can be created of an instance that is 'running' or 'stopped'.`);
}

/** An image of the instance is being made, for which it will be down for a moment. */
export function imageInProgress(instanceId: string, imageId: string): ApiError {
  return new ApiError("IncorrectState", `The image ${imageId} is being created of the instance '${instanceId}'. Wait until the instance runs again.`);
}

/** A user or group that cannot be given a launch permission. */
export function invalidImageAttributeItem(message: string): ApiError {
  return new ApiError("InvalidAMIAttributeItemValue", message);
}

/** The manifest of an image without a root volume, which nobody can read: where it would be, in a bucket, nothing is. */
export function unreadableManifest(location: string): ApiError {
  return new ApiError("InvalidManifest", `The manifest '${location}' cannot be read: this installation has no S3 buckets with images. Register the image of a snapshot.`);
}
