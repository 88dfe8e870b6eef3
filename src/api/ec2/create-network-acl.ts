import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import { createNetworkAcl } from "../../network/network-acl.ts";
import { listIpv6Cidrs } from "../../network/vpc-ipv6-cidrs.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toNetworkAclView } from "./views/network-acl-view.ts";

/** Makes a network ACL that denies everything until it has entries. */
export const CreateNetworkAcl = defineAction({
  name: "CreateNetworkAcl",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => ({
    vpc: await requireOwnedRow(tx, "vpcs", caller, input.VpcId),
    tags: parseTagSpecifications(input.TagSpecifications, ["network-acl"]).get("network-acl") ?? [],
  }),
  authorize: ({ vpc, tags }, { caller }) => {
    const resource = ec2Arn(caller, "network-acl", "*");
    const vpcArn = ec2Arn(caller, "vpc", vpc.id);
    return [
      { action: "ec2:CreateNetworkAcl", resource, conditions: { "ec2:Vpc": vpcArn } },
      { action: "ec2:CreateNetworkAcl", resource: vpcArn },
      ...createTagsGrants(tags, [resource]),
    ];
  },
  apply: async ({ vpc, tags }, { input, caller, tx, random }) => {
    const row = await createNetworkAcl(tx, caller, vpc.id, random);
    await putTags(tx, { id: row.id, type: "network-acl", account: caller.account, region: caller.region }, tags);
    const ipv6 = (await listIpv6Cidrs(tx, vpc.id)).length > 0;
    return { NetworkAcl: toNetworkAclView(row, { associations: [], entries: [], ipv6, tags }), ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }) };
  },
});
