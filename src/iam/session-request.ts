/** What callers ask of a session: how long, limited by which policies, with which tags (facts §10.6). Checked, and made into the session's parts. */
import { identityValidationError, packedPolicyTooLarge } from "../base/api-error.ts";
import type { Tx } from "../store/store.ts";
import { parseEntityTags } from "./entity-tags.ts";
import { requireManagedPolicy } from "./managed-policy.ts";
import { parsePolicy } from "./policy/parse-policy.ts";
import type { Session } from "./session.ts";

export interface SessionRequest {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
  readonly Tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;
}

export type SessionLimits = Pick<Session, "policies" | "policyArns" | "tags">;

const policyLength = 2048;
const arnLimit = 10;

export async function parseSessionLimits(tx: Tx, account: string, { Policy: policy, PolicyArns: named = [], Tags: tags }: SessionRequest): Promise<SessionLimits> {
  if (policy !== undefined) parsePolicy(policy, "identity");
  if (packedSize(policy) > 100) throw packedPolicyTooLarge(packedSize(policy));
  if (named.length > arnLimit) throw identityValidationError(`1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to ${arnLimit}`);
  const policyArns = named.map(({ arn = "" }) => arn);
  for (const arn of policyArns) await requireManagedPolicy(tx, account, arn);
  return { policies: policy === undefined ? null : [policy], policyArns, tags: Object.fromEntries(parseEntityTags(tags).map(({ key, value }) => [key, value])) };
}

/** Percent of what is allowed. */
export function packedSize(policy = ""): number {
  return Math.ceil((policy.replace(/\s/g, "").length / policyLength) * 100);
}

export function requireSessionName(name: string, member: string): string {
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name;
  throw identityValidationError(`1 validation error detected: Value '${name}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*, and have length between 2 and 64`);
}

/** In milliseconds. */
export function requireDuration(seconds: number, most: number): number {
  if (seconds < 900) throw identityValidationError(`1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`);
  if (seconds > most) throw identityValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  return seconds * 1000;
}
