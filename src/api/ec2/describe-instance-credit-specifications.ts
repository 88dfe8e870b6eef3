import { creditsNotSupported } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** The credit options of burstable instances: of those named, else of those that are unlimited. */
export const DescribeInstanceCreditSpecifications = defineDescribe({
  name: "DescribeInstanceCreditSpecifications",
  supported: "whole",
  ids: ({ InstanceIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const named = (input.InstanceIds ?? []).length > 0;
    const rows = await ownedRows(tx, "instances", caller, input.InstanceIds);
    const fixed = rows.find((row) => row.credit_specification === null);
    if (named && fixed !== undefined) throw creditsNotSupported(fixed.id);
    return rows
      .map((row) => ({ InstanceId: row.id, CpuCredits: row.credit_specification ?? "" }))
      .filter(({ CpuCredits: credits }) => named || credits === "unlimited");
  },
  key: (specification) => specification.InstanceId,
  filters: { fields: { "instance-id": (specification) => specification.InstanceId } },
  page: { minimum: 5, maximum: 1000, idsParameter: "instanceIds" },
  output: (rows, nextToken) => ({ InstanceCreditSpecifications: [...rows], ...nextTokenField(nextToken) }),
});
