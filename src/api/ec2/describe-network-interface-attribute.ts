import type { DescribeNetworkInterfaceAttributeResult, NetworkInterface } from "@aws-sdk/client-ec2";
import { invalidValueOf, missingParameter } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { viewNetworkInterfaces } from "./views/network-interface-view.ts";

/** One attribute of an interface. */
export const DescribeNetworkInterfaceAttribute = defineAction({
  name: "DescribeNetworkInterfaceAttribute",
  supported: "whole",
  readOnly: true,
  load: async ({ input, caller, tx }) => {
    const attribute = input.Attribute;
    if (attribute === undefined) throw missingParameter("attribute");
    const [view] = await viewNetworkInterfaces(tx, caller, [await requireOwnedRow(tx, "network_interfaces", caller, input.NetworkInterfaceId ?? "")]);
    return toAttributeView(view ?? {}, attribute);
  },
  authorize: (_view, { input, caller }) => [{ action: "ec2:DescribeNetworkInterfaceAttribute", resource: ec2Arn(caller, "network-interface", input.NetworkInterfaceId ?? "") }],
  apply: (view, { input }) => ({ NetworkInterfaceId: input.NetworkInterfaceId, ...view }),
});

function toAttributeView(nic: NetworkInterface, attribute: string): DescribeNetworkInterfaceAttributeResult {
  switch (attribute) {
    case "description":
      return { Description: { Value: nic.Description } };
    case "groupSet":
      return { Groups: nic.Groups };
    case "sourceDestCheck":
      return { SourceDestCheck: { Value: nic.SourceDestCheck } };
    case "attachment":
      return nic.Attachment === undefined ? {} : { Attachment: nic.Attachment };
    case "associatePublicIpAddress":
      return { AssociatePublicIpAddress: nic.Association?.IpOwnerId === "amazon" };
    default:
      throw invalidValueOf("attribute", attribute, "Unknown attribute.");
  }
}
