import { keyArn, parseKeyName, requireKey, setDefaultKey } from "../../storage/kms-key.ts";
import { defineAction } from "../action.ts";

/** Chooses the key that encrypts where a request names none. */
export const ModifyEbsDefaultKmsKeyId = defineAction({
  name: "ModifyEbsDefaultKmsKeyId",
  supported: "whole; a key of the account's own exists as soon as it is named",
  load: ({ input, caller }) => void parseKeyName(caller, input.KmsKeyId),
  authorize: () => [{ action: "ec2:ModifyEbsDefaultKmsKeyId", resource: "*" }],
  apply: async (_nothing, { input, caller, tx, random, now }) => {
    const key = await requireKey(tx, caller, input.KmsKeyId, random, now);
    await setDefaultKey(tx, caller, key);
    return { KmsKeyId: keyArn(key) };
  },
});
