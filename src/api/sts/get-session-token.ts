import { sessionNotAllowed } from "../../base/api-error.ts";
import { isRoot } from "../../iam/identity.ts";
import { issueCredentials } from "../../iam/session.ts";
import { spendCode } from "../../iam/mfa-device.ts";
import { requireDuration } from "../../iam/session-request.ts";
import { defineServiceAction } from "../action.ts";
import { toCredentialsView } from "./credentials-view.ts";
import { parseShownCode } from "./shown-code.ts";

/** Temporary credentials for oneself; needs no permission. */
export const GetSessionToken = defineServiceAction("sts", {
  name: "GetSessionToken",
  supported: "whole",
  openToAll: true,
  load: async (call) => {
    const { input, caller } = call;
    if (caller.session !== undefined) throw sessionNotAllowed("GetSessionToken");
    const [most, usual] = isRoot(caller) ? [3600, 3600] : [129_600, 43_200];
    return { durationMs: requireDuration(Math.min(input.DurationSeconds ?? usual, isRoot(caller) ? most : Infinity), most), shown: await parseShownCode(call) };
  },
  authorize: () => [],
  apply: async ({ durationMs, shown }, { tx, caller, secretKey, random, now }) => {
    if (shown !== undefined) await spendCode(tx, shown);
    const issue = { issuedAt: now, ...(shown === undefined ? {} : { mfaAt: now }), expiresAt: now + durationMs };
    const session = { kind: "user", account: caller.account, entityId: caller.entity?.id ?? null, name: "", policies: null, policyArns: [], tags: {}, ...issue } as const;
    return { Credentials: toCredentialsView(issueCredentials(secretKey, session, random)) };
  },
});
