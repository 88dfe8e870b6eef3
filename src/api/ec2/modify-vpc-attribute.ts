import { invalidParameterCombination } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { setVpcAttributes, type VpcAttributes } from "../../network/vpc.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Changes one attribute of a VPC. */
export const ModifyVpcAttribute = defineAction({
  name: "ModifyVpcAttribute",
  supported: "whole; address usage is not measured",
  load: async ({ input, caller, tx }) => {
    const vpc = await requireOwnedRow(tx, "vpcs", caller, input.VpcId);
    const attributes = toAttributes(input);
    if (attributes.enable_dns_support === 0 && vpc.enable_dns_hostnames === 1) {
      throw invalidParameterCombination("DNS support cannot be disabled while DNS hostnames are enabled. Disable enableDnsHostnames first.");
    }
    if (attributes.enable_dns_hostnames === 1 && vpc.enable_dns_support === 0) {
      throw invalidParameterCombination("DNS hostnames cannot be enabled while DNS support is disabled. Enable enableDnsSupport first.");
    }
    return { vpc, attributes };
  },
  authorize: ({ vpc }, { caller }) => [{ action: "ec2:ModifyVpcAttribute", resource: ec2Arn(caller, "vpc", vpc.id) }],
  apply: async ({ vpc, attributes }, { tx, now }) => {
    await setVpcAttributes(tx, vpc.id, attributes, now);
    return {};
  },
});

function toAttributes(input: ActionInput<"ec2", "ModifyVpcAttribute">): VpcAttributes {
  const { EnableDnsSupport: support, EnableDnsHostnames: names, EnableNetworkAddressUsageMetrics: metrics } = input;
  const given = [support, names, metrics].filter((attribute) => attribute !== undefined);
  if (given.length !== 1) throw invalidParameterCombination(given.length === 0 ? "No attributes specified." : "Fields for multiple attribute types specified");
  const flag = given[0]?.Value === true ? 1 : 0;
  if (support !== undefined) return { enable_dns_support: flag };
  return names !== undefined ? { enable_dns_hostnames: flag } : { address_usage_metrics: flag };
}
