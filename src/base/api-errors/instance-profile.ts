/** Errors about the instance profiles of instances (facts §10.7). */
import { ApiError } from "./class.ts";

export function invalidProfileArn(arn: string): ApiError {
  return new ApiError("InvalidParameterValue", `Value (${arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN`);
}

export function invalidProfileArnForm(arn: string): ApiError {
  return new ApiError("InvalidIamInstanceProfileArn.Malformed", `The IAM instance profile ARN '${arn}' is malformed`);
}

export function instanceProfileAssociated(instanceId: string): ApiError {
  return new ApiError("IncorrectState", `There is an existing association for instance ${instanceId}`);
}

export function noSuchProfileAssociation(id: string): ApiError {
  return new ApiError("NoSuchAssociation", `An invalid association-id of '${id}' was given`);
}
