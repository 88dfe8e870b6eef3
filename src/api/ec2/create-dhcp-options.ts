import { createDhcpOptions, parseDhcpConfiguration } from "../../network/dhcp-options.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toDhcpOptionsView } from "./views/dhcp-options-view.ts";

/** Makes a set of DHCP options, of no VPC yet. */
export const CreateDhcpOptions = defineAction({
  name: "CreateDhcpOptions",
  supported: "whole; guests are told the domain name",
  load: ({ input }) => ({ configuration: parseDhcpConfiguration(input.DhcpConfigurations ?? []), tags: newTags(input, "dhcp-options") }),
  authorize: ({ tags }, { caller }) => {
    const resource = ec2Arn(caller, "dhcp-options", "*");
    return [{ action: "ec2:CreateDhcpOptions", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ configuration, tags }, call) => {
    const row = await createDhcpOptions(call.tx, call.caller, configuration, call.random);
    await tagNew(call, "dhcp-options", row.id, tags);
    return { DhcpOptions: toDhcpOptionsView(row, tags) };
  },
});
