import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { deleteDhcpOptions, requireUnusedOptions } from "../../network/dhcp-options.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Removes a set of DHCP options that no VPC has. */
export const DeleteDhcpOptions = defineAction({
  name: "DeleteDhcpOptions",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const row = await requireOwnedRow(tx, "dhcp_options", caller, input.DhcpOptionsId ?? "");
    await requireUnusedOptions(tx, row);
    return row;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteDhcpOptions", resource: ec2Arn(caller, "dhcp-options", id) }],
  apply: async (row, { tx }) => {
    await deleteDhcpOptions(tx, row);
    return {};
  },
});
