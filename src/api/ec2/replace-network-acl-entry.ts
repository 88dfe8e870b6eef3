import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { putAclEntry, requireEntry } from "../../network/network-acl.ts";
import { touchVpc } from "../../network/vpc-specification.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { parseEntry } from "./acl-entry-request.ts";

/** Gives the entry of a number another content. */
export const ReplaceNetworkAclEntry = defineAction({
  name: "ReplaceNetworkAclEntry",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const acl = await requireOwnedRow(tx, "network_acls", caller, input.NetworkAclId);
    const entry = parseEntry(acl.id, input);
    await requireEntry(tx, entry);
    return { acl, entry };
  },
  authorize: ({ acl }, { caller }) => [{ action: "ec2:ReplaceNetworkAclEntry", resource: ec2Arn(caller, "network-acl", acl.id) }],
  apply: async ({ acl, entry }, { tx, now }) => {
    await putAclEntry(tx, entry);
    await touchVpc(tx, acl.vpc_id, now);
    return {};
  },
});
