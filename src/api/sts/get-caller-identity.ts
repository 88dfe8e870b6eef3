import { defineServiceAction } from "../action.ts";

/** Who the caller is; needs no permission. */
export const GetCallerIdentity = defineServiceAction("sts", {
  name: "GetCallerIdentity",
  supported: "whole",
  readOnly: true,
  openToAll: true,
  load: () => undefined,
  authorize: () => [],
  apply: (_nothing, { caller }) => ({ UserId: caller.userId, Account: caller.account, Arn: caller.arn }),
});
