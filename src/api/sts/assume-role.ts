import { rootMayNotAssume } from "../../base/api-error.ts";
import { entityArn, findEntity } from "../../iam/entity.ts";
import { isRoot } from "../../iam/identity.ts";
import { spendCode } from "../../iam/mfa-device.ts";
import { issueCredentials } from "../../iam/session.ts";
import { packedSize, parseSessionLimits, requireDuration, requireSessionName } from "../../iam/session-request.ts";
import type { IamEntityRow } from "../../store/identity-tables.ts";
import type { Tx } from "../../store/store.ts";
import { defineServiceAction } from "../action.ts";
import { toCredentialsView } from "./credentials-view.ts";
import { parseShownCode } from "./shown-code.ts";

/** Sessions of sessions are short. */
const chainedSeconds = 3600;
/** For the role's trust policy; of the session that follows nobody can tell that a code was shown. */
const codeConditions = { "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0" };

/** Temporary credentials of a role, of this account or another, for whom its trust policy names. */
export const AssumeRole = defineServiceAction("sts", {
  name: "AssumeRole",
  supported: "no source identities or transitive tags",
  load: async (call) => {
    const { input, caller, tx } = call;
    if (isRoot(caller)) throw rootMayNotAssume();
    requireSessionName(input.RoleSessionName, "roleSessionName");
    const role = await findRole(tx, input.RoleArn);
    const most = caller.session?.kind === "role" ? chainedSeconds : (role?.max_session_seconds ?? chainedSeconds);
    return { role, durationMs: requireDuration(input.DurationSeconds ?? chainedSeconds, most), shown: await parseShownCode(call) };
  },
  authorize: ({ role, shown }, { input }) => {
    const trust = { account: role?.account ?? input.RoleArn.split(":")[4] ?? "", document: role?.trust_policy ?? undefined };
    const conditions = { "sts:ExternalId": input.ExternalId, "sts:RoleSessionName": input.RoleSessionName, ...(shown && codeConditions) };
    const actions = (input.Tags ?? []).length === 0 ? ["sts:AssumeRole"] : ["sts:AssumeRole", "sts:TagSession"];
    return actions.map((action) => ({ action, resource: input.RoleArn, conditions, trust }));
  },
  apply: async ({ role, durationMs, shown }, { input, tx, secretKey, random, now }) => {
    if (role === undefined) throw new Error("nobody is allowed to assume a role that is not there");
    if (shown !== undefined) await spendCode(tx, shown);
    const limits = await parseSessionLimits(tx, role.account, input);
    const name = input.RoleSessionName;
    const credentials = issueCredentials(secretKey, { kind: "role", account: role.account, entityId: role.id, name, ...limits, issuedAt: now, expiresAt: now + durationMs }, random);
    return {
      Credentials: toCredentialsView(credentials),
      AssumedRoleUser: { AssumedRoleId: `${role.id}:${name}`, Arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${name}` },
      PackedPolicySize: packedSize(input.Policy),
    };
  },
});

async function findRole(tx: Tx, arn: string): Promise<IamEntityRow | undefined> {
  const role = await findEntity(tx, arn.split(":")[4] ?? "", "role", arn.split("/").at(-1) ?? "");
  return role !== undefined && entityArn(role) === arn ? role : undefined;
}
