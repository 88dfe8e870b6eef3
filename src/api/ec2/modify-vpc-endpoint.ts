import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { planEndpointChange } from "../../compute/vpc-endpoint-request.ts";
import { changeEndpoint } from "../../network/vpc-endpoint.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Changes an endpoint's policy, groups, name, subnets or route tables. */
export const ModifyVpcEndpoint = defineAction({
  name: "ModifyVpcEndpoint",
  supported: "whole, with IPv4",
  load: async ({ input, caller, tx, random }) => {
    const row = await requireOwnedRow(tx, "vpc_endpoints", caller, input.VpcEndpointId ?? "");
    return { row, change: await planEndpointChange(tx, caller, row, input, random) };
  },
  authorize: ({ row, change: { addTables, removeTables, addPlaces, removeSubnets, groupIds } }, { caller }) => {
    const touched = [
      ec2Arn(caller, "vpc-endpoint", row.id),
      ...[...addTables, ...removeTables].map(({ id }) => ec2Arn(caller, "route-table", id)),
      ...[...addPlaces.map(({ subnet }) => subnet), ...removeSubnets].map(({ id }) => ec2Arn(caller, "subnet", id)),
      ...(groupIds ?? []).map((id) => ec2Arn(caller, "security-group", id)),
    ];
    return touched.map((resource) => ({ action: "ec2:ModifyVpcEndpoint", resource }));
  },
  apply: async ({ row, change }, { tx, random, now }) => {
    await changeEndpoint(tx, row, change, random, now);
    return { Return: true };
  },
});
