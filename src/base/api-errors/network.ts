/** Errors of VPCs, their parts and their gateways. */
import { ApiError } from "./class.ts";
import { invalidValueOf } from "./parameter.ts";

type Network = "Vpc" | "Subnet";

export function malformedCidr(parameter: string, cidr: string): ApiError {
  return invalidValueOf(parameter, cidr, "This is not a valid CIDR block.");
}

/** Too large, too small, outside its VPC, or of addresses that networks cannot have. */
export function invalidNetworkRange(network: Network, cidr: string): ApiError {
  return new ApiError(`Invalid${network}.Range`, `The CIDR '${cidr}' is invalid.`);
}

export function subnetConflict(cidr: string): ApiError {
  return new ApiError("InvalidSubnet.Conflict", `The CIDR '${cidr}' conflicts with another subnet`);
}

/** A further block from a range that may not be in a VPC together with those that it has. */
export function restrictedBlock(cidr: string): ApiError {
  return new ApiError(
    "InvalidVpc.Range",
    `The CIDR '${cidr}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR.`,
  );
}

/** A further block that overlaps another one of the VPC, or a route's destination. */
export function conflictingBlock(cidr: string, other: string): ApiError {
  return new ApiError("InvalidVpc.Range", `The CIDR '${cidr}' conflicts with '${other}'.`);
}

export function blockInUse(vpcId: string, cidr: string): ApiError {
  return new ApiError("InvalidCidrBlock.InUse", `The vpc ${vpcId} currently has a subnet within CIDR block ${cidr}`);
}

export function blockAssociationNotFound(id: string): ApiError {
  return new ApiError("InvalidVpcCidrBlockAssociationID.NotFound", `The vpc CIDR block association ID '${id}' does not exist`);
}

export function subnetBlockAssociationNotFound(id: string): ApiError {
  return new ApiError("InvalidSubnetCidrBlockAssociationID.NotFound", `The subnet CIDR block association ID '${id}' does not exist`);
}

/** An IPv6 block of a subnet that an interface has an address from. */
export function subnetBlockInUse(subnetId: string, cidr: string): ApiError {
  return new ApiError("InvalidCidrBlock.InUse", `The subnet ${subnetId} currently has a network interface with an address within CIDR block ${cidr}`);
}

/** A VPC, subnet or table that something else still is in or at. */
export function hasDependencies(noun: "vpc" | "subnet" | "routeTable" | "internetGateway" | "dhcpOptions" | "networkAcl", id: string): ApiError {
  return new ApiError("DependencyViolation", `The ${noun} '${id}' has dependencies and cannot be deleted.`);
}

export function defaultVpcExists(): ApiError {
  return new ApiError("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.");
}

export function defaultVpcMissing(): ApiError {
  return new ApiError("DefaultVpcDoesNotExist", "No default VPC for this user");
}

export function defaultSubnetExists(zone: string): ApiError {
  return new ApiError("DefaultSubnetAlreadyExistsInAvailabilityZone", `A default subnet already exists in ${zone}.`);
}

export function routeExists(destination: string): ApiError {
  return new ApiError("RouteAlreadyExists", `The route identified by ${destination} already exists.`);
}

export function routeNotFound(destination: string, tableId: string): ApiError {
  return new ApiError("InvalidRoute.NotFound", `no route with destination-${destination.includes(":") ? "ipv6-" : ""}cidr-block ${destination} in route table ${tableId}`);
}

export function routeNotSupported(destination: string): ApiError {
  return new ApiError("RouteNotSupported", `Route destination doesn't support CIDR block ${destination}.`);
}

/** A gateway of any kind, as a route names it. */
export function gatewayNotFound(id: string): ApiError {
  return new ApiError("InvalidGatewayID.NotFound", `The gateway ID '${id}' does not exist`);
}

export function gatewayNotAttached(id: string, vpcId: string): ApiError {
  return new ApiError("Gateway.NotAttached", `resource ${id} is not attached to network ${vpcId}`);
}

/** An Elastic IP address needs a way to the internet. */
export function vpcHasNoGateway(vpcId: string): ApiError {
  return new ApiError("Gateway.NotAttached", `Network ${vpcId} is not attached to any internet gateway`);
}

export function alreadyAssociated(resource: string, other: string): ApiError {
  return new ApiError("Resource.AlreadyAssociated", `resource ${resource} is already associated with ${other}`);
}

export function mappedPublicAddresses(vpcId: string): ApiError {
  return new ApiError(
    "DependencyViolation",
    `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
  );
}

/** A subnet that uses another route table of its own already. */
export function tableAssociated(tableId: string): ApiError {
  return new ApiError("Resource.AlreadyAssociated", `the specified association for route table ${tableId} conflicts with an existing association`);
}
