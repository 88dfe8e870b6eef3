/** Errors about what a request says, whatever resource it is about. */
import { ApiError } from "./class.ts";

export function invalidParameterValue(message: string): ApiError {
  return new ApiError("InvalidParameterValue", message);
}

/** EC2's usual sentence: `Value (x) for parameter y is invalid. Why.` */
export function invalidValueOf(parameter: string, value: string | number, why = ""): ApiError {
  return invalidParameterValue(`Value (${value}) for parameter ${parameter} is invalid.${why === "" ? "" : ` ${why}`}`);
}

export function invalidParameterCombination(message: string): ApiError {
  return new ApiError("InvalidParameterCombination", message);
}

/** `The parameter a cannot be used with the parameter b`, both as the model names them. */
export function parametersExclude(parameter: string, other: string): ApiError {
  return invalidParameterCombination(`The parameter ${parameter} cannot be used with the parameter ${other}`);
}

export function missingParameter(name: string): ApiError {
  return new ApiError("MissingParameter", `The request must contain the parameter ${name}`);
}

export function unknownParameter(name: string): ApiError {
  return new ApiError("UnknownParameter", `The parameter ${name} is not recognized`);
}

/** A value of the wrong kind, such as groups of another VPC than the subnet's. */
export function invalidParameter(message: string): ApiError {
  return new ApiError("InvalidParameter", message);
}

export function invalidFilter(name: string): ApiError {
  return invalidParameterValue(`The filter '${name}' is invalid`);
}

export function filterLimitExceeded(limit: number): ApiError {
  return new ApiError("FilterLimitExceeded", `The maximum number of filter values specified on a single call is ${limit}.`);
}

export function maxResultsTooSmall(value: number, minimum: number): ApiError {
  return invalidParameterValue(`Value ( ${value} ) for parameter maxResults is invalid. Expecting a value greater than ${minimum}.`);
}

export function maxResultsTooLarge(value: number, maximum: number): ApiError {
  return invalidParameterValue(`Value ( ${value} ) for parameter maxResults is invalid. Expecting a value less than ${maximum}.`);
}

export function invalidNextToken(): ApiError {
  return new ApiError("InvalidNextToken", "The specified nextToken is invalid or has expired. Repeat the call without it.");
}

export function idempotentParameterMismatch(): ApiError {
  return new ApiError("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).");
}

export function idempotentInstanceTerminated(): ApiError {
  return new ApiError("IdempotentInstanceTerminated", "The instances of the earlier request with this client token have been terminated.");
}

export function invalidClientToken(longest: number): ApiError {
  return new ApiError("InvalidClientToken", `The client token must be at most ${longest} ASCII characters.`);
}

export function notTaggable(resourceType: string): ApiError {
  return invalidParameterValue(`'${resourceType}' is not a valid taggable resource type for this operation.`);
}

export function emptyTagSpecification(): ApiError {
  return invalidParameterValue("Tag specification must have at least one tag");
}

export function reservedTagKey(): ApiError {
  return invalidParameterValue("Tag keys starting with 'aws:' are reserved for internal use");
}

export function tagLimitExceeded(limit: number): ApiError {
  return new ApiError("TagLimitExceeded", `The maximum number of tags per resource, ${limit}, has been exceeded.`);
}
