import { setDefaultKey, toDefaultKeyName } from "../../storage/kms-key.ts";
import { defineAction } from "../action.ts";

/** Lets the account's managed key encrypt again where a request names none. */
export const ResetEbsDefaultKmsKeyId = defineAction({
  name: "ResetEbsDefaultKmsKeyId",
  supported: "whole",
  load: () => undefined,
  authorize: () => [{ action: "ec2:ResetEbsDefaultKmsKeyId", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => {
    await setDefaultKey(tx, caller, undefined);
    return { KmsKeyId: toDefaultKeyName(undefined) };
  },
});
