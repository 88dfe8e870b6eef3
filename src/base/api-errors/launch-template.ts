/** Errors of launch templates and their versions (facts §12.1). */
import { ApiError } from "./class.ts";

export function duplicateLaunchTemplate(name: string): ApiError {
  return new ApiError("InvalidLaunchTemplateName.AlreadyExistsException", `Launch template name already in use: ${name}.`);
}

export function malformedLaunchTemplateName(name: string): ApiError {
  return new ApiError(
    "InvalidLaunchTemplateName.MalformedException",
    `The launch template name '${name}' is invalid. A name has 3 to 128 characters: letters, digits and - ( ) . / _`,
  );
}

/** `version` as the request has it, which may be no number. */
export function launchTemplateVersionNotFound(id: string, version: string): ApiError {
  return new ApiError("InvalidLaunchTemplateId.VersionNotFound", `Could not find launch template version ${version} of the launch template ${id}.`);
}

export function launchTemplateLimit(limit: number): ApiError {
  return new ApiError("MaxTemplateLimitExceeded", `The maximum number of launch templates, ${limit}, has been reached.`);
}

export function launchTemplateVersionLimit(limit: number): ApiError {
  return new ApiError("MaxTemplateVersionLimitExceeded", `The maximum number of versions of a launch template, ${limit}, has been reached.`);
}
