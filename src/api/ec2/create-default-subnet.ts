import { defaultVpcMissing, missingParameter, unsupportedRequest } from "../../base/api-error.ts";
import { planDefaultSubnet } from "../../network/default-network.ts";
import { createSubnet } from "../../network/subnet.ts";
import { findDefaultVpc } from "../../network/vpc.ts";
import { findZone } from "../../network/zone.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toSubnetView } from "./views/subnet-view.ts";

/** Makes the default subnet of a zone again, in the first free /20 of the default VPC. */
export const CreateDefaultSubnet = defineAction({
  name: "CreateDefaultSubnet",
  supported: "IPv4; no IPv6",
  load: async ({ input, caller, tx }) => {
    if (input.Ipv6Native === true) throw unsupportedRequest("IPv6 subnets are not supported yet.");
    const zone = findZone(caller.region, input);
    if (zone === undefined) throw missingParameter("availabilityZone");
    const vpc = await findDefaultVpc(tx, caller);
    if (vpc === undefined) throw defaultVpcMissing();
    return planDefaultSubnet(tx, vpc, zone);
  },
  authorize: (_plan, { caller }) => [{ action: "ec2:CreateDefaultSubnet", resource: ec2Arn(caller, "subnet", "*") }],
  apply: async (plan, { tx, random, now }) => ({ Subnet: toSubnetView(await createSubnet(tx, plan, random, now), 0, []) }),
});
