import { addressNotFound, invalidValueOf, unsupportedRequest } from "../../base/api-error.ts";
import { requireAddressText } from "../../compute/elastic-ip-request.ts";
import { isPublicAddressFree } from "../../network/address.ts";
import { allocateElasticIp } from "../../network/elastic-ip.ts";
import { requireRoomFor } from "../../network/network-limits.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";

/** Gives the account a public address until it releases it; one that it had before if that is still free. */
export const AllocateAddress = defineAction({
  name: "AllocateAddress",
  supported: "addresses of the installation's own pool",
  load: async ({ input, caller, tx }) => {
    const { Domain: domain = "vpc", NetworkBorderGroup: group = caller.region, PublicIpv4Pool: pool = "amazon", Address: wanted } = input;
    if (domain !== "vpc") throw invalidValueOf("domain", domain);
    if (group !== caller.region) throw invalidValueOf("networkBorderGroup", group);
    if (pool !== "amazon" || (input.CustomerOwnedIpv4Pool ?? input.IpamPoolId) !== undefined) throw unsupportedRequest("Address pools of one's own are not supported yet.");
    const tags = newTags(input, "elastic-ip");
    await requireRoomFor(tx, "elastic_ips", caller);
    if (wanted !== undefined && !(await isPublicAddressFree(tx, requireAddressText(wanted)))) throw addressNotFound(wanted);
    return { wanted, tags };
  },
  authorize: ({ tags }, { caller }) => {
    const resource = ec2Arn(caller, "elastic-ip", "*");
    return [{ action: "ec2:AllocateAddress", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ wanted, tags }, call) => {
    const row = await allocateElasticIp(call.tx, call.caller, wanted, call.random, call.now);
    await tagNew(call, "elastic-ip", row.id, tags);
    return { PublicIp: row.public_address, AllocationId: row.id, PublicIpv4Pool: "amazon", NetworkBorderGroup: row.region, Domain: "vpc" as const };
  },
});
