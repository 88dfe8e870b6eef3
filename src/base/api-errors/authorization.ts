/** Errors about who asks and what they may do. EC2 and the other services name the same failures differently (facts §10.4). */
import { ApiError } from "./class.ts";

/** What a policy decision was about; all of it is shown to the caller, as AWS does. */
export interface Denial {
  readonly principalArn: string;
  readonly action: string;
  readonly resource: string;
  /** The kind of policy that decided: `identity-based policy`, `permissions boundary`. */
  readonly layer: string;
  /** It denies; else it only does not allow. */
  readonly explicit: boolean;
  /** What sts:DecodeAuthorizationMessage decodes. */
  readonly encodedMessage?: string;
}

export function unauthorizedOperation(denial: Denial): ApiError {
  const encoded = denial.encodedMessage === undefined ? "" : ` Encoded authorization failure message: ${denial.encodedMessage}`;
  return new ApiError("UnauthorizedOperation", `You are not authorized to perform this operation. ${explain(denial)}${encoded}`, 403);
}

/** The same refusal by IAM, STS, SSM and the REST-JSON services. */
export function accessDenied(denial: Denial): ApiError {
  return new ApiError("AccessDenied", explain(denial), 403);
}

/** As services that speak JSON say it. */
export function accessDeniedException(denial: Denial): ApiError {
  return new ApiError("AccessDeniedException", explain(denial), 400);
}

export function sessionNotAllowed(action: string): ApiError {
  return new ApiError("AccessDenied", `Cannot call ${action} with session credentials`, 403);
}

export function rootMayNotAssume(): ApiError {
  return new ApiError("AccessDenied", "Roles may not be assumed by root accounts.", 403);
}

/** STS's word for a code that proves nothing. */
export function mfaFailed(why: string): ApiError {
  return new ApiError("AccessDenied", `MultiFactorAuthentication failed${why}`, 403);
}

/** As services that speak XML but EC2 say it. */
export function throttled(): ApiError {
  return new ApiError("Throttling", "Rate exceeded");
}

export function invalidAuthorizationMessage(): ApiError {
  return new ApiError("InvalidAuthorizationMessageException", "Message is not valid");
}

export function packedPolicyTooLarge(percent: number): ApiError {
  return new ApiError("PackedPolicyTooLarge", `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`);
}

function explain({ principalArn, action, resource, layer, explicit }: Denial): string {
  const why = explicit ? `with an explicit deny in ${article(layer)}` : `because no ${layer} allows the ${action} action`;
  return `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource} ${why}.`;
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

/** EC2's one answer to an unknown key and to a wrong signature. */
export function authFailure(message = "AWS was not able to validate the provided access credentials"): ApiError {
  return new ApiError("AuthFailure", message, 401);
}

export function signatureDoesNotMatch(): ApiError {
  return new ApiError(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    403,
  );
}

export function invalidClientTokenId(): ApiError {
  return new ApiError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
}

export function missingAuthenticationToken(): ApiError {
  return new ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
}

export function incompleteSignature(message: string): ApiError {
  return new ApiError("IncompleteSignature", message);
}

export function requestExpired(message = "Request has expired."): ApiError {
  return new ApiError("RequestExpired", message);
}

export function expiredToken(): ApiError {
  return new ApiError("ExpiredToken", "The security token included in the request is expired", 403);
}

export function optInRequired(): ApiError {
  return new ApiError("OptInRequired", "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.", 401);
}
