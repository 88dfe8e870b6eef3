/** Errors of NAT gateways, and the failures that DescribeNatGateways shows (facts §7.3). */
import { authFailure } from "./authorization.ts";
import { ApiError } from "./class.ts";

/** Why a gateway came to nothing. */
export interface NatGatewayFailure {
  readonly code: string;
  readonly message: string;
}

export const natGatewayFailure = {
  noInternetGateway: (vpcId: string): NatGatewayFailure => ({ code: "Gateway.NotAttached", message: `Network ${vpcId} has no Internet gateway attached` }),
  addressAssociated: (allocationId: string): NatGatewayFailure => ({ code: "Resource.AlreadyAssociated", message: `Elastic IP address [${allocationId}] is already associated` }),
  noFreeAddress: { code: "InsufficientFreeAddressesInSubnet", message: "Subnet has insufficient free addresses to create this NAT gateway" },
  noHost: (zone: string): NatGatewayFailure => ({ code: "InternalError", message: `This installation has no host in ${zone}. Choose a subnet of another zone.` }),
};

/** An Elastic IP address that already stands for something. */
export function natGatewayAddressTaken(allocationId: string): ApiError {
  const { code, message } = natGatewayFailure.addressAssociated(allocationId);
  return new ApiError(code, message);
}

/** As a route names it. */
export function natGatewayTargetNotFound(id: string): ApiError {
  return new ApiError("InvalidNatGatewayID.NotFound", `The natGateway ID '${id}' does not exist`);
}

/** An interface or an address that a NAT gateway or an endpoint has: it comes and goes with that. */
export function managedByService(): ApiError {
  return authFailure("You do not have permission to access the specified resource.");
}
