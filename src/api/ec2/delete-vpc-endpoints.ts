import { isApiError, missingParameter, type ApiError } from "../../base/api-error.ts";
import { requireOwnedRow, type Owner } from "../../compute/owned-rows.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { deleteEndpoint } from "../../network/vpc-endpoint.ts";
import type { VpcEndpointRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import { defineAction, ec2Arn } from "../action.ts";

interface Found {
  readonly rows: readonly VpcEndpointRow[];
  readonly missing: readonly { readonly id: string; readonly error: ApiError }[];
}

/** Takes endpoints away; one that does not exist is named, and the others go on. */
export const DeleteVpcEndpoints = defineAction({
  name: "DeleteVpcEndpoints",
  supported: "whole",
  load: ({ input: { VpcEndpointIds: ids = [] }, caller, tx }) => {
    if (ids.length === 0) throw missingParameter("vpcEndpointIds");
    requireWellFormed("vpcEndpoint", ids);
    return findEndpoints(tx, caller, ids);
  },
  authorize: ({ rows }, { caller }) => (rows.length === 0 ? [ec2Arn(caller, "vpc-endpoint", "*")] : rows.map(({ id }) => ec2Arn(caller, "vpc-endpoint", id))).map((resource) => ({ action: "ec2:DeleteVpcEndpoints", resource })),
  apply: async ({ rows, missing }, { tx, now }) => {
    for (const row of rows) await deleteEndpoint(tx, row, now);
    return { Unsuccessful: missing.map(({ id, error: { code, message } }) => ({ ResourceId: id, Error: { Code: code, Message: message } })) };
  },
});

async function findEndpoints(tx: Tx, owner: Owner, ids: readonly string[]): Promise<Found> {
  const found = await Promise.all(
    [...new Set(ids)].map((id) =>
      requireOwnedRow(tx, "vpc_endpoints", owner, id).catch((error: unknown) => {
        if (!isApiError(error)) throw error;
        return { id, error };
      }),
    ),
  );
  return { rows: found.flatMap((each) => ("error" in each ? [] : each)), missing: found.flatMap((each) => ("error" in each ? each : [])) };
}
