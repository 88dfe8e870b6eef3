/**
 * Whether an identity may do what it asks. Default deny: only an account's root is allowed, and it everything in its account; users, roles and
 * policies are evaluated here once they exist.
 */
import { rootArn, type Identity } from "./identity.ts";

/** One thing that a call touches; the call is allowed only when all are (facts §10.3). */
export interface Grant {
  /** `ec2:StopInstances`. */
  readonly action: string;
  readonly resource: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** The first grant that is not given, or undefined when all are. */
export function findDenied(identity: Pick<Identity, "account" | "arn">, grants: readonly Grant[]): Grant | undefined {
  return identity.arn === rootArn(identity.account) ? undefined : grants[0];
}
