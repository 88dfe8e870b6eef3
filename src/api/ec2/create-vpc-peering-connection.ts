import { invalidValueOf, malformedId, missingParameter, notFound } from "../../base/api-error.ts";
import { isId } from "../../base/ids.ts";
import { regions } from "../../base/regions.ts";
import { ownedRows, requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { createPeering, requireNewPeering, type PeeringPlan } from "../../network/vpc-peering.ts";
import type { Tx } from "../../store/store.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toPeeringView } from "./views/vpc-peering-view.ts";

/** Asks another VPC for a peering connection. One that cannot be, for addresses that overlap or a VPC that is not there, is shown as failed. */
export const CreateVpcPeeringConnection = defineAction({
  name: "CreateVpcPeeringConnection",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => {
    const plan = await toPlan(tx, caller, input);
    await requireNewPeering(tx, plan, now);
    return { plan, tags: newTags(input, "vpc-peering-connection") };
  },
  authorize: ({ plan, tags }, { caller }) => {
    const resource = ec2Arn(caller, "vpc-peering-connection", "*");
    const touched = [resource, ec2Arn(caller, "vpc", plan.vpc.id)].map((each) => ({ action: "ec2:CreateVpcPeeringConnection", resource: each }));
    return [...touched, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const row = await createPeering(call.tx, plan, call.random, call.now);
    await tagNew(call, "vpc-peering-connection", row.id, tags);
    const view = await toPeeringView(call.tx, { ...row, state: "pending-acceptance" }, tags, call.now);
    return { VpcPeeringConnection: { ...view, Status: { Code: "initiating-request" as const, Message: `Initiating Request to ${row.accepter_account}` } } };
  },
});

async function toPlan(tx: Tx, caller: Owner, input: ActionInput<"ec2", "CreateVpcPeeringConnection">): Promise<PeeringPlan> {
  const { VpcId: id, PeerVpcId: vpcId, PeerOwnerId: account = caller.account, PeerRegion: region = caller.region } = input;
  const vpc = await requireOwnedRow(tx, "vpcs", caller, id ?? "");
  if (vpcId === undefined) throw missingParameter("peerVpcId");
  if (!isId("vpc", vpcId)) throw malformedId("vpc", vpcId);
  if (!/^\d{12}$/.test(account)) throw invalidValueOf("peerOwnerId", account);
  if (!regions.some(({ name }) => name === region)) throw invalidValueOf("peerRegion", region);
  const isOwn = account === caller.account && region === caller.region;
  if (isOwn && !(await ownedRows(tx, "vpcs", caller)).some((row) => row.id === vpcId)) throw notFound("vpc", vpcId);
  return { vpc, accepter: { account, region, vpcId } };
}
