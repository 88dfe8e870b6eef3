import { planAllocation } from "../../compute/dedicated-host-request.ts";
import { allocateHost } from "../../placement/dedicated-host.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";

/** Gives the account hosts of the installation for itself: empty ones, whole. */
export const AllocateHosts = defineAction({
  name: "AllocateHosts",
  supported: "whole; no Outposts",
  tokenScope: () => "",
  load: async ({ input, caller, tx, now }) => ({ tags: newTags(input, "dedicated-host"), ...(await planAllocation(tx, caller, input, now)) }),
  authorize: ({ plan, tags }, { caller }) => {
    const resource = ec2Arn(caller, "dedicated-host", "*");
    const conditions = {
      "ec2:AvailabilityZone": plan.zone,
      "ec2:InstanceType": plan.instance_type ?? undefined,
      "ec2:AutoPlacement": plan.auto_placement,
      "ec2:HostRecovery": plan.host_recovery,
    };
    return [{ action: "ec2:AllocateHosts", resource, conditions }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, hosts, tags }, call) => {
    const rows = await inTurn(hosts, (host) => allocateHost(call.tx, plan, host.id, call.random, call.now));
    await inTurn(rows, ({ id }) => tagNew(call, "dedicated-host", id, tags));
    return { HostIds: rows.map(({ id }) => id) };
  },
});
