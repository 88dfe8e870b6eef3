/** Rows of identities; the conventions are in `tables.ts`. Tags of identities are in `tags`, without a region. */
import type { Flag } from "./tables.ts";

export interface IdentityTables {
  access_keys: AccessKeyRow;
  iam_entities: IamEntityRow;
  /** Users in groups, roles in instance profiles. */
  iam_members: { container_id: string; member_id: string; created_at: number };
  /** Managed policies by their ARNs: those of an account and those that every account has. */
  iam_attachments: { entity_id: string; policy_arn: string; created_at: number };
  iam_inline_policies: { entity_id: string; name: string; document: string };
  passwords: PasswordRow;
  browser_sessions: BrowserSessionRow;
  mfa_devices: MfaDeviceRow;
  iam_policy_versions: { policy_id: string; version: string; document: string; is_default: Flag; created_at: number };
}

export interface AccessKeyRow {
  id: string;
  account: string;
  /** Sealed with the installation's key. */
  secret: string;
  /** The account's root, or a user as it was called when the key was made. */
  principal_arn: string;
  /** A user's id, or the account's for its root. */
  user_id: string;
  created_at: number;
  status: "Active" | "Inactive";
}

export interface PasswordRow {
  /** A user's id, or the account's for its root. */
  user_id: string;
  account: string;
  /** As `iam/password.ts` keeps it. */
  hash: string;
  /** The user must choose another one first. */
  reset_required: Flag;
  created_at: number;
}

export interface MfaDeviceRow {
  /** Its ARN. */
  serial: string;
  account: string;
  /** A user's id, or the account's for its root; null: nobody's yet. */
  user_id: string | null;
  /** Sealed with the installation's key. */
  seed: string;
  enabled_at: number | null;
  /** The time step of the last code that was used, and so is good no more. */
  last_step: number;
  created_at: number;
}

export interface BrowserSessionRow {
  /** The hash of the token that the browser has. */
  id: string;
  account: string;
  /** Absent: the account's root. */
  user_id: string | null;
  /** A code of an MFA device was shown. */
  with_mfa: Flag;
  created_at: number;
  expires_at: number;
}

export type IamEntityKind = "user" | "group" | "role" | "instance-profile" | "policy";

export interface IamEntityRow {
  /** IAM's unique id (`AIDA…`): the entity is this one, whatever it is called. */
  id: string;
  account: string;
  kind: IamEntityKind;
  name: string;
  /** Names differ in more than their case. */
  folded_name: string;
  /** `/`, or `/a/b/`. */
  path: string;
  description: string | null;
  /** Of users and roles: the managed policy that limits them. */
  boundary_arn: string | null;
  /** Of roles, and so is the next. */
  trust_policy: string | null;
  max_session_seconds: number | null;
  /** Of policies: how many versions there have ever been. */
  version_count: number | null;
  created_at: number;
}
