/** Errors of Systems Manager's parameters. */
import { ApiError } from "./class.ts";

export function parameterNotFound(name: string): ApiError {
  return new ApiError("ParameterNotFound", `The parameter ${name} does not exist.`);
}

export function parameterVersionNotFound(name: string): ApiError {
  return new ApiError("ParameterVersionNotFound", `Systems Manager could not find version or label of ${name}.`);
}

export function validationException(message: string): ApiError {
  return new ApiError("ValidationException", message);
}

export function invalidFilterKey(key: string): ApiError {
  return new ApiError("InvalidFilterKey", `The filter key ${key} is not valid for this operation.`);
}
