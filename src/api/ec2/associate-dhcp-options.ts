import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { noDhcpOptions } from "../../network/dhcp-options.ts";
import { listInstancesOfVpc, setVpcAttributes } from "../../network/vpc.ts";
import { wake } from "../../store/due.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives a VPC another set of DHCP options, or none; guests hear of it when they renew their lease. */
export const AssociateDhcpOptions = defineAction({
  name: "AssociateDhcpOptions",
  supported: "whole; guests are told the domain name",
  load: async ({ input, caller, tx }) => {
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId ?? "");
    const id = input.DhcpOptionsId ?? "";
    return { vpc, optionsId: id === noDhcpOptions ? id : (await requireOwnedRow(tx, "dhcp_options", caller, id)).id };
  },
  authorize: ({ vpc, optionsId }, { caller }) =>
    [ec2Arn(caller, "vpc", vpc.id), ...(optionsId === noDhcpOptions ? [] : [ec2Arn(caller, "dhcp-options", optionsId)])].map((resource) => ({
      action: "ec2:AssociateDhcpOptions",
      resource,
    })),
  apply: async ({ vpc, optionsId }, { tx, now }) => {
    await setVpcAttributes(tx, vpc.id, { dhcp_options_id: optionsId }, now);
    for (const id of await listInstancesOfVpc(tx, vpc.id)) await wake(tx, { kind: "instance", key: id }, now);
    return {};
  },
});
