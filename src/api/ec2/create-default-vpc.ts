import { defaultVpcExists } from "../../base/api-error.ts";
import { createDefaultVpc } from "../../network/default-network.ts";
import { requireRoomFor } from "../../network/network-limits.ts";
import { findDefaultVpc } from "../../network/vpc.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toVpcView } from "./views/vpc-view.ts";

/** Makes the default VPC again for an account that has deleted its own. */
export const CreateDefaultVpc = defineAction({
  name: "CreateDefaultVpc",
  supported: "whole",
  load: () => undefined,
  authorize: (_nothing, { caller }) => [{ action: "ec2:CreateDefaultVpc", resource: ec2Arn(caller, "vpc", "*") }],
  apply: async (_nothing, { caller, tx, random, now }) => {
    if ((await findDefaultVpc(tx, caller)) !== undefined) throw defaultVpcExists();
    await requireRoomFor(tx, "vpcs", caller);
    await requireRoomFor(tx, "internet_gateways", caller);
    const vpc = await createDefaultVpc(tx, { account: caller.account, region: caller.region }, random, now);
    return { Vpc: { ...toVpcView(vpc, { blocks: [], ipv6Blocks: [] }, []), State: "pending" as const } };
  },
});
