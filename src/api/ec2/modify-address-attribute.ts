import { invalidValueOf, missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { setReverseName } from "../../network/elastic-ip.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAddressAttribute } from "./views/address-view.ts";

/** A name of two labels or more. */
const namePattern = /^(?=.{1,253}\.?$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i;

/** Gives an Elastic IP address a reverse name; as long as it has one it cannot be released. */
export const ModifyAddressAttribute = defineAction({
  name: "ModifyAddressAttribute",
  supported: "the name is kept and shown; no resolver tells it, and nobody looks whether it leads to the address",
  load: async ({ input, caller, tx }) => {
    const row = await requireOwnedRow(tx, "elastic_ips", caller, input.AllocationId ?? "");
    const { DomainName: name } = input;
    if (name === undefined) throw missingParameter("domainName");
    if (!namePattern.test(name)) throw invalidValueOf("domainName", name);
    return { ...row, reverse_name: name.endsWith(".") ? name : `${name}.` };
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:ModifyAddressAttribute", resource: ec2Arn(caller, "elastic-ip", id) }],
  apply: async (row, { tx }) => {
    await setReverseName(tx, row);
    return { Address: toAddressAttribute(row) };
  },
});
