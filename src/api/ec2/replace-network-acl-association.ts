import { invalidParameterValue, notFound } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { associateAcl } from "../../network/network-acl.ts";
import { touchVpc } from "../../network/vpc-specification.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { listAclAssociations } from "./acl-associations.ts";

/** Gives a subnet another network ACL, in place of the one that it has by this association. */
export const ReplaceNetworkAclAssociation = defineAction({
  name: "ReplaceNetworkAclAssociation",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const id = input.AssociationId;
    requireWellFormed("networkAclAssociation", [id]);
    const acl = await requireOwnedRow(tx, "network_acls", caller, input.NetworkAclId);
    const association = (await listAclAssociations(tx, caller)).find((each) => each.id === id);
    if (association === undefined) throw notFound("networkAclAssociation", id);
    const { subnet } = association;
    if (subnet.vpc_id !== acl.vpc_id) throw invalidParameterValue(`Network ACL ${acl.id} and subnet ${subnet.id} belong to different networks.`);
    return { acl, subnet };
  },
  authorize: ({ acl, subnet }, { caller }) => [
    { action: "ec2:ReplaceNetworkAclAssociation", resource: ec2Arn(caller, "network-acl", acl.id) },
    { action: "ec2:ReplaceNetworkAclAssociation", resource: ec2Arn(caller, "subnet", subnet.id) },
  ],
  apply: async ({ acl, subnet }, { tx, random, now }) => {
    const id = await associateAcl(tx, subnet.id, acl.id, random);
    await touchVpc(tx, acl.vpc_id, now);
    return { NewAssociationId: id };
  },
});
