import { invalidAuthorizationMessage } from "../../base/api-error.ts";
import { decodeDenial } from "../../iam/denial.ts";
import { defineServiceAction } from "../action.ts";

/** Why a call was refused, from what the refusal carried. */
export const DecodeAuthorizationMessage = defineServiceAction("sts", {
  name: "DecodeAuthorizationMessage",
  supported: "whole",
  readOnly: true,
  load: () => undefined,
  authorize: () => [{ action: "sts:DecodeAuthorizationMessage", resource: "*" }],
  apply: (_nothing, { input, caller, secretKey }) => {
    const decoded = decodeDenial(secretKey, caller.account, input.EncodedMessage);
    if (decoded === undefined) throw invalidAuthorizationMessage();
    return { DecodedMessage: decoded };
  },
});
