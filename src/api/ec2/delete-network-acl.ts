import { hasDependencies, invalidParameterValue } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteNetworkAcl } from "../../network/network-acl.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { listAclAssociations } from "./acl-associations.ts";

/** Removes a network ACL that no subnet has and that did not come with its VPC. */
export const DeleteNetworkAcl = defineAction({
  name: "DeleteNetworkAcl",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const acl = await requireOwnedRow(tx, "network_acls", caller, input.NetworkAclId);
    if (acl.is_default === 1) throw invalidParameterValue(`The default network ACL '${acl.id}' cannot be deleted`);
    if ((await listAclAssociations(tx, caller)).some((association) => association.aclId === acl.id)) throw hasDependencies("networkAcl", acl.id);
    return acl;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteNetworkAcl", resource: ec2Arn(caller, "network-acl", id) }],
  apply: async ({ id }, { tx }) => {
    await deleteNetworkAcl(tx, id);
    return {};
  },
});
