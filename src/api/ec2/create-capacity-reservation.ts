import { planReservation, reserveCapacity } from "../../compute/capacity-request.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { countAvailable, toCapacityReservationView } from "./views/capacity-reservation-view.ts";

/** Holds room for instances of one type in one zone; an open reservation takes in those that run already. */
export const CreateCapacityReservation = defineAction({
  name: "CreateCapacityReservation",
  supported: "Linux/UNIX, from now on; no placement groups, no Outposts",
  tokenScope: () => "",
  load: async ({ input, caller, tx, now }) => ({
    tags: newTags({ TagSpecifications: input.TagSpecifications }, "capacity-reservation"),
    planned: await planReservation(tx, caller, input, now),
  }),
  authorize: ({ planned: { plan }, tags }, { caller }) => {
    const resource = ec2Arn(caller, "capacity-reservation", "*");
    const conditions = { "ec2:AvailabilityZone": plan.zone, "ec2:InstanceType": plan.instance_type, "ec2:Tenancy": plan.tenancy };
    return [{ action: "ec2:CreateCapacityReservation", resource, conditions }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ planned, tags }, call) => {
    const row = await reserveCapacity(call.tx, planned, call.random, call.now);
    await tagNew(call, "capacity-reservation", row.id, tags);
    return { CapacityReservation: toCapacityReservationView(row, (await countAvailable(call.tx, [row])).get(row.id) ?? 0, tags) };
  },
});
