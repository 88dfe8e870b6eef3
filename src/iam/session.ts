/**
 * Temporary credentials: an access key with its secret and all that the session is, sealed into the token that the caller sends along. Nothing is kept, so
 * nothing is to be cleared away; what a role may do is still read at every call. No token can be made or altered without the installation's key.
 */
import type { Random } from "../base/random.ts";
import { newKeyId, newSecret } from "./access-key.ts";
import { seal, unseal, type SecretKey } from "./secret.ts";

/** Since when rights for a time are held, and when their holder last showed a code of an MFA device; absent: never. */
export interface Issue {
  readonly issuedAt: number;
  readonly mfaAt?: number;
}

export interface Session extends Issue {
  /** `role`: AssumeRole; `user`: GetSessionToken; `federated`: GetFederationToken. */
  readonly kind: "role" | "user" | "federated";
  readonly account: string;
  /** Whose policies count: a role's or a user's id; null: the account's root. */
  readonly entityId: string | null;
  /** As its holder named it; empty for `user`. */
  readonly name: string;
  /** Documents and ARNs of session policies; null where there were none. */
  readonly policies: readonly string[] | null;
  readonly policyArns: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly expiresAt: number;
  /** Of credentials from instance metadata: the instance, and which way it asked (`1.0`, `2.0`). */
  readonly instanceArn?: string;
  readonly roleDelivery?: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly token: string;
  readonly expiresAt: number;
}

interface Sealed {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly session: Session;
}

const purpose = "session token";

export function issueCredentials(secretKey: SecretKey, session: Session, random: Random): Credentials {
  const [accessKeyId, secret] = [newKeyId("ASIA", random), newSecret(random)];
  const sealed: Sealed = { accessKeyId, secret, session };
  return { accessKeyId, secret, token: seal(secretKey, purpose, JSON.stringify(sealed), random), expiresAt: session.expiresAt };
}

/** What the token says, if it is this key's and made here; it may have ended. */
export function openToken(secretKey: SecretKey, accessKeyId: string, token: string): { readonly secret: string; readonly session: Session } | undefined {
  const text = unseal(secretKey, purpose, token);
  const sealed = text === undefined ? undefined : (JSON.parse(text) as Sealed); // nobody else can have sealed it
  return sealed?.accessKeyId === accessKeyId ? sealed : undefined;
}
