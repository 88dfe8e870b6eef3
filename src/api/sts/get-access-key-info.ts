import { invalidClientTokenId } from "../../base/api-error.ts";
import { defineServiceAction } from "../action.ts";

/** Which account a key is of, anybody's. */
export const GetAccessKeyInfo = defineServiceAction("sts", {
  name: "GetAccessKeyInfo",
  supported: "keys of users and roots, not of sessions",
  readOnly: true,
  load: () => undefined,
  authorize: () => [{ action: "sts:GetAccessKeyInfo", resource: "*" }],
  apply: async (_nothing, { input, tx }) => {
    const key = await tx.db.selectFrom("access_keys").select("account").where("id", "=", input.AccessKeyId).executeTakeFirst();
    if (key === undefined) throw invalidClientTokenId();
    return { Account: key.account };
  },
});
