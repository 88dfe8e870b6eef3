import { isRoot } from "../../iam/identity.ts";
import { issueCredentials } from "../../iam/session.ts";
import { requireDuration } from "../../iam/session-request.ts";
import { sessionNotAllowed } from "../../base/api-error.ts";
import { defineServiceAction } from "../action.ts";
import { toCredentialsView } from "./credentials-view.ts";

/** Temporary credentials for oneself; needs no permission. */
export const GetSessionToken = defineServiceAction("sts", {
  name: "GetSessionToken",
  supported: "no MFA",
  openToAll: true,
  load: ({ input, caller }) => {
    if (caller.session !== undefined) throw sessionNotAllowed("GetSessionToken");
    const [most, usual] = isRoot(caller) ? [3600, 3600] : [129_600, 43_200];
    return requireDuration(Math.min(input.DurationSeconds ?? usual, isRoot(caller) ? most : Infinity), most);
  },
  authorize: () => [],
  apply: (durationMs, { caller, secretKey, random, now }) => {
    const session = { kind: "user", account: caller.account, entityId: caller.entity?.id ?? null, name: "", policies: null, policyArns: [], tags: {}, issuedAt: now, expiresAt: now + durationMs } as const;
    return { Credentials: toCredentialsView(issueCredentials(secretKey, session, random)) };
  },
});
