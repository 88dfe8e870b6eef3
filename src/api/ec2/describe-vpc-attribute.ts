import type { DescribeVpcAttributeResult } from "@aws-sdk/client-ec2";
import { invalidValueOf } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import type { VpcRow } from "../../store/network-tables.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** One attribute of a VPC. */
export const DescribeVpcAttribute = defineAction({
  name: "DescribeVpcAttribute",
  supported: "whole",
  readOnly: true,
  load: ({ input, caller, tx }) => ownedRows(tx, "vpcs", caller, [input.VpcId]),
  authorize: (vpcs, { caller }) => vpcs.map(({ id }) => ({ action: "ec2:DescribeVpcAttribute", resource: ec2Arn(caller, "vpc", id) })),
  apply: ([vpc], { input }) => ({ VpcId: input.VpcId, ...(vpc === undefined ? {} : toAttributeView(vpc, input.Attribute)) }),
});

function toAttributeView(vpc: VpcRow, attribute: string): DescribeVpcAttributeResult {
  switch (attribute) {
    case "enableDnsSupport":
      return { EnableDnsSupport: { Value: vpc.enable_dns_support === 1 } };
    case "enableDnsHostnames":
      return { EnableDnsHostnames: { Value: vpc.enable_dns_hostnames === 1 } };
    case "enableNetworkAddressUsageMetrics":
      return { EnableNetworkAddressUsageMetrics: { Value: vpc.address_usage_metrics === 1 } };
    default:
      throw invalidValueOf("attribute", attribute, "Unknown attribute.");
  }
}
