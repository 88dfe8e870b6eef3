import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteAclEntry, requireEntry } from "../../network/network-acl.ts";
import { touchVpc } from "../../network/vpc-specification.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { parseEntryKey } from "./acl-entry-request.ts";

/** Takes the entry of a number away. */
export const DeleteNetworkAclEntry = defineAction({
  name: "DeleteNetworkAclEntry",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const acl = await requireOwnedRow(tx, "network_acls", caller, input.NetworkAclId);
    const key = parseEntryKey(acl.id, input);
    await requireEntry(tx, key);
    return { acl, key };
  },
  authorize: ({ acl }, { caller }) => [{ action: "ec2:DeleteNetworkAclEntry", resource: ec2Arn(caller, "network-acl", acl.id) }],
  apply: async ({ acl, key }, { tx, now }) => {
    await deleteAclEntry(tx, key);
    await touchVpc(tx, acl.vpc_id, now);
    return {};
  },
});
