import { setEncryptionByDefault } from "../../storage/kms-key.ts";
import { defineAction } from "../action.ts";

/** From now on all new volumes and snapshot copies of the account in this region are encrypted, whatever their requests say. */
export const EnableEbsEncryptionByDefault = defineAction({
  name: "EnableEbsEncryptionByDefault",
  supported: "whole",
  load: () => undefined,
  authorize: () => [{ action: "ec2:EnableEbsEncryptionByDefault", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => {
    await setEncryptionByDefault(tx, caller, true);
    return { EbsEncryptionByDefault: true };
  },
});
