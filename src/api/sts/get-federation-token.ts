import { sessionNotAllowed } from "../../base/api-error.ts";
import { isRoot } from "../../iam/identity.ts";
import { issueCredentials } from "../../iam/session.ts";
import { packedSize, parseSessionLimits, requireDuration, requireSessionName } from "../../iam/session-request.ts";
import { defineServiceAction } from "../action.ts";
import { toCredentialsView } from "./credentials-view.ts";

/** Temporary credentials for somebody outside: what both the caller and the policies given here allow. */
export const GetFederationToken = defineServiceAction("sts", {
  name: "GetFederationToken",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    if (caller.session !== undefined) throw sessionNotAllowed("GetFederationToken");
    requireSessionName(input.Name, "name");
    const [most, usual] = isRoot(caller) ? [3600, 3600] : [129_600, 43_200];
    const durationMs = requireDuration(Math.min(input.DurationSeconds ?? usual, isRoot(caller) ? most : Infinity), most);
    return { limits: await parseSessionLimits(tx, caller.account, input), durationMs };
  },
  authorize: (_parts, { input, caller }) => {
    const resource = `arn:aws:sts::${caller.account}:federated-user/${input.Name}`;
    return ((input.Tags ?? []).length === 0 ? ["sts:GetFederationToken"] : ["sts:GetFederationToken", "sts:TagSession"]).map((action) => ({ action, resource }));
  },
  apply: ({ limits, durationMs }, { input, caller, secretKey, random, now }) => {
    const session = { kind: "federated", account: caller.account, entityId: caller.entity?.id ?? null, name: input.Name, ...limits, issuedAt: now, expiresAt: now + durationMs } as const;
    return {
      Credentials: toCredentialsView(issueCredentials(secretKey, session, random)),
      FederatedUser: { FederatedUserId: `${caller.account}:${input.Name}`, Arn: `arn:aws:sts::${caller.account}:federated-user/${input.Name}` },
      PackedPolicySize: packedSize(input.Policy),
    };
  },
});
