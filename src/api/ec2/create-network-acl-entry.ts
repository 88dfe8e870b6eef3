import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { putAclEntry, requireRoomForEntry } from "../../network/network-acl.ts";
import { touchVpc } from "../../network/vpc-specification.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { parseEntry } from "./acl-entry-request.ts";

/** Adds an entry under a number that is free. */
export const CreateNetworkAclEntry = defineAction({
  name: "CreateNetworkAclEntry",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const acl = await requireOwnedRow(tx, "network_acls", caller, input.NetworkAclId);
    const entry = parseEntry(acl.id, input);
    await requireRoomForEntry(tx, entry);
    return { acl, entry };
  },
  authorize: ({ acl }, { caller }) => [{ action: "ec2:CreateNetworkAclEntry", resource: ec2Arn(caller, "network-acl", acl.id) }],
  apply: async ({ acl, entry }, { tx, now }) => {
    await putAclEntry(tx, entry);
    await touchVpc(tx, acl.vpc_id, now);
    return {};
  },
});
