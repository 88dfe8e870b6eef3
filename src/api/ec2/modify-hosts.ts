import { planHostChange } from "../../compute/dedicated-host-request.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { outcomesOf, requireHosts } from "./host-outcomes.ts";

/** Switches auto-placement, recovery and maintenance of Dedicated Hosts, or gives them to other types of instances. */
export const ModifyHosts = defineAction({
  name: "ModifyHosts",
  supported: "whole",
  load: ({ input, caller, tx }) => requireHosts(tx, caller, input.HostIds),
  authorize: (hosts, { caller }) => hosts.map(({ row }) => ({ action: "ec2:ModifyHosts", resource: ec2Arn(caller, "dedicated-host", row.id) })),
  apply: (hosts, { input, tx }) =>
    outcomesOf(hosts, async ({ row, instances }) => {
      await tx.db.updateTable("dedicated_hosts").set(planHostChange(row, input, instances.length > 0)).where("id", "=", row.id).execute();
    }),
});
