import { createInternetGateway } from "../../network/internet-gateway.ts";
import { requireRoomFor } from "../../network/network-limits.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toInternetGatewayView } from "./views/internet-gateway-view.ts";

/** Makes an internet gateway, of no VPC yet. */
export const CreateInternetGateway = defineAction({
  name: "CreateInternetGateway",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const tags = newTags(input, "internet-gateway");
    await requireRoomFor(tx, "internet_gateways", caller);
    return tags;
  },
  authorize: (tags, { caller }) => {
    const resource = ec2Arn(caller, "internet-gateway", "*");
    return [{ action: "ec2:CreateInternetGateway", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async (tags, call) => {
    const gateway = await createInternetGateway(call.tx, call.caller, call.random);
    await tagNew(call, "internet-gateway", gateway.id, tags);
    return { InternetGateway: toInternetGatewayView(gateway, tags) };
  },
});
