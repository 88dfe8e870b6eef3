import { hostOccupied } from "../../base/api-error.ts";
import { releaseHost } from "../../placement/dedicated-host.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { outcomesOf, requireHosts } from "./host-outcomes.ts";

/** Gives Dedicated Hosts back on which no instance runs. */
export const ReleaseHosts = defineAction({
  name: "ReleaseHosts",
  supported: "whole",
  load: ({ input, caller, tx }) => requireHosts(tx, caller, input.HostIds),
  authorize: (hosts, { caller }) => hosts.map(({ row }) => ({ action: "ec2:ReleaseHosts", resource: ec2Arn(caller, "dedicated-host", row.id) })),
  apply: (hosts, { tx }) =>
    outcomesOf(hosts, async ({ row, instances }) => {
      if (instances.length > 0) throw hostOccupied(row.id);
      await releaseHost(tx, row);
    }),
});
