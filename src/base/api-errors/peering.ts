/** Errors of VPC peering connections (facts §7.11). */
import { ApiError } from "./class.ts";
import { operationNotPermitted } from "./request.ts";

export function peeringExists(requester: string, accepter: string): ApiError {
  return new ApiError("VpcPeeringConnectionAlreadyExists", `A VPC peering connection between ${requester} and ${accepter} already exists.`);
}

export function invalidPeeringTransition(id: string, from: string, to: string): ApiError {
  return new ApiError("InvalidStateTransition", `Invalid state transition for ${id}, attempted to transition from ${from} to ${to}`);
}

/** Only one of the two owners may do it. */
export function notTheirPeering(account: string, verb: string, id: string): ApiError {
  return operationNotPermitted(`User ${account} cannot ${verb} peering ${id}`);
}

/** Both owners see the connection in both regions; it is answered in one. */
export function wrongPeeringRegion(id: string, region: string, right: string): ApiError {
  return operationNotPermitted(`Incorrect region (${region}) specified for this request. VPC peering connection ${id} must be accepted in region ${right}`);
}

export function peeringNotActive(id: string): ApiError {
  return operationNotPermitted(`Peering ${id} is not active. Peering options can be added only to active peerings.`);
}

export function hostnamesDisabled(vpcId: string): ApiError {
  return new ApiError("InvalidVpcPeeringConnectionState.DnsHostnamesDisabled", `DNS hostnames are disabled for ${vpcId}. Enable them before letting the peer resolve them.`);
}
