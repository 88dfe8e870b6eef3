import { setEncryptionByDefault } from "../../storage/kms-key.ts";
import { defineAction } from "../action.ts";

/** New volumes are encrypted again only where it is asked for, or where their snapshot is. */
export const DisableEbsEncryptionByDefault = defineAction({
  name: "DisableEbsEncryptionByDefault",
  supported: "whole",
  load: () => undefined,
  authorize: () => [{ action: "ec2:DisableEbsEncryptionByDefault", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => {
    await setEncryptionByDefault(tx, caller, false);
    return { EbsEncryptionByDefault: false };
  },
});
