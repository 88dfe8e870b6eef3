/** What only roles have: who may take them on, and for how long. */
import { identityLimitExceeded, identityValidationError } from "../base/api-error.ts";
import { parsePolicy } from "./policy/parse-policy.ts";

const trustLength = 2048;

/** A document that a role may have as its trust policy; as it is. */
export function requireTrustPolicy(document: string): string {
  if (document.replace(/\s/g, "").length > trustLength) throw identityLimitExceeded(`Cannot exceed quota for ACLSizePerRole: ${trustLength}`);
  parsePolicy(document, "trust");
  return document;
}

export function requireSessionDuration(seconds = 3600): number {
  if (seconds < 3600 || seconds > 43_200) throw identityValidationError(`1 validation error detected: Value '${seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200`);
  return seconds;
}
