import { managedByService } from "../../base/api-error.ts";
import { requireAssociationTarget, requireElasticIp, requireMovable } from "../../compute/elastic-ip-request.ts";
import { associate } from "../../network/elastic-ip.ts";
import { isOfNatGateway } from "../../network/nat-gateway.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets an Elastic IP address stand for a private address, in place of whatever did; packets follow at once. */
export const AssociateAddress = defineAction({
  name: "AssociateAddress",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const row = await requireElasticIp(tx, caller, input);
    if (await isOfNatGateway(tx, row)) throw managedByService();
    const target = await requireAssociationTarget(tx, caller, input);
    requireMovable(row, target, input.AllowReassociation ?? true);
    return { row, target };
  },
  authorize: ({ row, target: { nic } }, { caller }) =>
    [
      ec2Arn(caller, "elastic-ip", row.id),
      ec2Arn(caller, "network-interface", nic.id),
      ...(nic.instance_id === null ? [] : [ec2Arn(caller, "instance", nic.instance_id)]),
    ].map((resource) => ({ action: "ec2:AssociateAddress", resource })),
  apply: async ({ row, target }, { tx, random, now }) => ({ AssociationId: await associate(tx, row, target, random, now) }),
});
