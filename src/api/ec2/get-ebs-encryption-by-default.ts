import { encryptionByDefault } from "../../storage/kms-key.ts";
import { defineAction } from "../action.ts";

/** Whether all new volumes of the account in this region are encrypted. */
export const GetEbsEncryptionByDefault = defineAction({
  name: "GetEbsEncryptionByDefault",
  supported: "whole",
  readOnly: true,
  load: () => undefined,
  authorize: () => [{ action: "ec2:GetEbsEncryptionByDefault", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => {
    const on = await encryptionByDefault(tx, caller);
    return { EbsEncryptionByDefault: on, SseType: on ? "sse-kms" : "none" };
  },
});
