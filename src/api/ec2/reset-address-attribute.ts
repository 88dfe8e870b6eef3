import { invalidValueOf, missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { setReverseName } from "../../network/elastic-ip.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAddressAttribute } from "./views/address-view.ts";

/** Takes an Elastic IP address's reverse name away. */
export const ResetAddressAttribute = defineAction({
  name: "ResetAddressAttribute",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const { AllocationId: id = "", Attribute: attribute } = input;
    if (attribute === undefined) throw missingParameter("attribute");
    if (attribute !== "domain-name") throw invalidValueOf("attribute", attribute);
    return { ...(await requireOwnedRow(tx, "elastic_ips", caller, id)), reverse_name: null };
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:ResetAddressAttribute", resource: ec2Arn(caller, "elastic-ip", id) }],
  apply: async (row, { tx }) => {
    await setReverseName(tx, row);
    return { Address: toAddressAttribute(row) };
  },
});
