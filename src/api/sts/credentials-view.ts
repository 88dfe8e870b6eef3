/** Temporary credentials as STS shows them: the only place where their secret leaves. */
import type { Credentials } from "../../iam/session.ts";

export function toCredentialsView({ accessKeyId, secret, token, expiresAt }: Credentials): { AccessKeyId: string; SecretAccessKey: string; SessionToken: string; Expiration: Date } {
  return { AccessKeyId: accessKeyId, SecretAccessKey: secret, SessionToken: token, Expiration: new Date(expiresAt) };
}
