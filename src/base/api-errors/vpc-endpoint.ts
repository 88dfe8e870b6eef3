/** Errors of VPC endpoints (facts §7.11). Most of what is wrong with one is `InvalidParameter`. */
import { ApiError } from "./class.ts";
import { invalidParameter } from "./parameter.ts";

export function endpointServiceNotFound(name: string): ApiError {
  return new ApiError("InvalidServiceName", `The Vpc Endpoint Service '${name}' does not exist`);
}

export function endpointTypeMismatch(asked: string, available: string): ApiError {
  return invalidParameter(`Endpoint type (${asked}) does not match available service types ([${available}]).`);
}

/** Something that only endpoints of another type have. */
export function onlyForEndpointType(what: string, type: "Gateway" | "Interface"): ApiError {
  return invalidParameter(`${what} only supported for ${type} type VPC Endpoint.`);
}

/** An interface endpoint has one subnet in a zone. */
export function endpointZoneTaken(subnetId: string): ApiError {
  return new ApiError(
    "DuplicateSubnetsInSameZone",
    `Found another VPC endpoint subnet in the availability zone of ${subnetId}. VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service.`,
  );
}

/** Another endpoint leads to the service from that table already. */
export function endpointRouteExists(tableId: string, prefixListId: string): ApiError {
  return new ApiError("RouteAlreadyExists", `route table ${tableId} already has a route with destination-prefix-list-id ${prefixListId}`);
}

export function privateDnsConflict(name: string, vpcId: string): ApiError {
  return invalidParameter(`private-dns-enabled cannot be set because there is already a conflicting DNS domain for ${name} in the VPC ${vpcId}`);
}

export function privateDnsNeedsNames(vpcId: string): ApiError {
  return invalidParameter(`Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for ${vpcId}`);
}

/** A request by an endpoint that is for another service or region. */
export function wrongEndpointService(service: string, region: string): ApiError {
  return new ApiError("SignatureDoesNotMatch", `Credential should be scoped to correct service: '${service}' and a valid Region, use '${region}'.`, 403);
}

export function invalidEndpointPolicy(why: string): ApiError {
  return new ApiError("InvalidPolicyDocument", `The policy document is invalid: ${why}`);
}

export function invalidEndpointType(type: string): ApiError {
  return new ApiError("InvalidVpcEndpointType", `The VPC endpoint type '${type}' is not valid.`);
}
