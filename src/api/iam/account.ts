/** About the account as a whole. */
import { listAccessKeys } from "../../iam/access-key.ts";
import { entityKinds } from "../../iam/entity.ts";
import { findLoginProfile } from "../../iam/login-profile.ts";
import { listMfaDevices } from "../../iam/mfa-device.ts";
import { rootPerson } from "../../iam/person.ts";
import type { IamEntityKind } from "../../store/identity-tables.ts";
import type { Action } from "../action.ts";
import { accountAction } from "./iam-action.ts";
import { nouns } from "./iam-views.ts";

const counted: Readonly<Record<IamEntityKind, string>> = { user: "Users", group: "Groups", role: "Roles", "instance-profile": "InstanceProfiles", policy: "Policies" };

const GetAccountSummary = accountAction({
  name: "GetAccountSummary",
  readOnly: true,
  supported: "counts and quotas of what is here",
  resource: () => "*",
  apply: async ({ caller, tx }) => {
    const rows = await tx.db
      .selectFrom("iam_entities")
      .select(({ fn }) => ["kind", fn.countAll<number>().as("count")])
      .where("account", "=", caller.account)
      .groupBy("kind")
      .execute();
    const kinds = Object.keys(nouns) as IamEntityKind[]; // Object.keys widens to string[]
    const counts = kinds.flatMap((kind) => [
      [counted[kind], rows.find((row) => row.kind === kind)?.count ?? 0] as const,
      [`${counted[kind]}Quota`, entityKinds[kind].quota[1]] as const,
    ]);
    const devices = await listMfaDevices(tx, { account: caller.account });
    const inUse = devices.filter(({ user_id: holder }) => holder !== null);
    const root = rootPerson(caller.account);
    const present = [
      ["AccountAccessKeysPresent", (await listAccessKeys(tx, root)).length],
      ["AccountMFAEnabled", Number(inUse.some(({ user_id: holder }) => holder === root.userId))],
      ["AccountPasswordPresent", Number((await findLoginProfile(tx, root)) !== undefined)],
      ["MFADevices", devices.length],
      ["MFADevicesInUse", inUse.length],
    ] as const;
    return { SummaryMap: Object.fromEntries([...counts, ...present, ["AccessKeysPerUserQuota", 2], ["GroupsPerUserQuota", 10], ["VersionsPerPolicyQuota", 5], ["AttachedPoliciesPerUserQuota", 10]]) };
  },
});

/** Accounts have no other names than their ids. */
const ListAccountAliases = accountAction({
  name: "ListAccountAliases",
  readOnly: true,
  supported: "accounts have no aliases",
  resource: () => "*",
  apply: () => ({ AccountAliases: [], IsTruncated: false }),
});

export const accountActions: readonly Action[] = [GetAccountSummary, ListAccountAliases];
