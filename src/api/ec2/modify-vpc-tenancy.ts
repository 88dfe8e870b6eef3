import { invalidTenancy } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets instances of a dedicated VPC share hosts from now on; there is no way back (facts §2.3). */
export const ModifyVpcTenancy = defineAction({
  name: "ModifyVpcTenancy",
  supported: "whole",
  load: ({ input, caller, tx }) => {
    if (input.InstanceTenancy !== "default") throw invalidTenancy(`The tenancy value '${input.InstanceTenancy ?? ""}' is invalid. Expecting default.`);
    return requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
  },
  authorize: (vpc, { caller }) => [{ action: "ec2:ModifyVpcTenancy", resource: ec2Arn(caller, "vpc", vpc.id) }],
  apply: async (vpc, { tx }) => {
    await tx.db.updateTable("vpcs").set({ tenancy: "default" }).where("id", "=", vpc.id).execute();
    return { ReturnValue: true };
  },
});
