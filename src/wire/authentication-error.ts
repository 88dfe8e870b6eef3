/** What each family of services says to a request whose signature it does not accept. Facts §10.4. */
import type { Protocol } from "./service-facts.ts";
import { WireError } from "./wire-error.ts";

/**
 * `missing`: not signed. `incomplete`: the signature cannot be read. `unknownKey`: no such access key, or a session
 * token that is not its own. `mismatch`: the signature is another. `expired`: signed too long ago, or in the future.
 * `expiredToken`: the temporary credentials have ended.
 */
export type AuthenticationFailure = "missing" | "incomplete" | "unknownKey" | "mismatch" | "expired" | "expiredToken";

interface Answer {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

const missingMessage = "Request is missing Authentication Token";
const incompleteMessage = "The request signature does not conform to AWS standards.";
const unknownKeyMessage = "The security token included in the request is invalid.";
const expiredTokenMessage = "The security token included in the request is expired";
const mismatchMessage =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
const notValidated = "AWS was not able to validate the provided access credentials";

const ec2Answers: Readonly<Record<AuthenticationFailure, Answer>> = {
  missing: { code: "MissingAuthenticationToken", status: 403, message: missingMessage },
  incomplete: { code: "IncompleteSignature", status: 400, message: incompleteMessage },
  unknownKey: { code: "AuthFailure", status: 401, message: notValidated },
  mismatch: { code: "AuthFailure", status: 401, message: notValidated },
  expired: { code: "RequestExpired", status: 400, message: "Request has expired." },
  expiredToken: { code: "RequestExpired", status: 400, message: "Request has expired." },
};

const queryAnswers: Readonly<Record<AuthenticationFailure, Answer>> = {
  missing: { code: "MissingAuthenticationToken", status: 403, message: missingMessage },
  incomplete: { code: "IncompleteSignature", status: 400, message: incompleteMessage },
  unknownKey: { code: "InvalidClientTokenId", status: 403, message: unknownKeyMessage },
  mismatch: { code: "SignatureDoesNotMatch", status: 403, message: mismatchMessage },
  expired: { code: "SignatureDoesNotMatch", status: 403, message: "Signature expired." },
  expiredToken: { code: "ExpiredToken", status: 403, message: expiredTokenMessage },
};

const jsonAnswers: Readonly<Record<AuthenticationFailure, Answer>> = {
  missing: { code: "MissingAuthenticationTokenException", status: 400, message: missingMessage },
  incomplete: { code: "IncompleteSignatureException", status: 400, message: incompleteMessage },
  unknownKey: { code: "UnrecognizedClientException", status: 400, message: unknownKeyMessage },
  mismatch: { code: "InvalidSignatureException", status: 400, message: mismatchMessage },
  expired: { code: "InvalidSignatureException", status: 400, message: "Signature expired." },
  expiredToken: { code: "ExpiredTokenException", status: 400, message: expiredTokenMessage },
};

const answers: Readonly<Record<Protocol, Readonly<Record<AuthenticationFailure, Answer>>>> = {
  ec2Query: ec2Answers,
  awsQuery: queryAnswers,
  awsJson1_1: jsonAnswers,
  restJson1: jsonAnswers,
};

/** The protocol's error; `detail` says what exactly is wrong, where telling helps the caller and nobody else. */
export function authenticationError(protocol: Protocol, failure: AuthenticationFailure, detail?: string): WireError {
  const { code, status, message } = answers[protocol][failure];
  // The REST services answer 403 where the JSON RPC services answer 400.
  return new WireError(code, detail === undefined ? message : `${message} ${detail}`, protocol === "restJson1" ? 403 : status);
}
