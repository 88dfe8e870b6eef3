import { findChosenKey, toDefaultKeyName } from "../../storage/kms-key.ts";
import { defineAction } from "../action.ts";

/** The key that encrypts where a request names none. */
export const GetEbsDefaultKmsKeyId = defineAction({
  name: "GetEbsDefaultKmsKeyId",
  supported: "whole",
  readOnly: true,
  load: () => undefined,
  authorize: () => [{ action: "ec2:GetEbsDefaultKmsKeyId", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => ({ KmsKeyId: toDefaultKeyName(await findChosenKey(tx, caller)) }),
});
