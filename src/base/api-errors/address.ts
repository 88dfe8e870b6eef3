/** Errors of addresses. */
import { ApiError } from "./class.ts";

export function privateAddressInUse(address: string): ApiError {
  return new ApiError("InvalidIPAddress.InUse", `Address ${address} is in use.`);
}

/** The pool of public addresses is empty. */
export function insufficientAddressCapacity(): ApiError {
  return new ApiError("InsufficientAddressCapacity", "Not enough available addresses to satisfy your request. Terminate or stop instances that have a public address.", 500);
}

/** No Elastic IP address of the caller. */
export function addressNotFound(address: string): ApiError {
  return new ApiError("InvalidAddress.NotFound", `Address '${address}' not found.`);
}

/** A text that is no address, where an Elastic IP address is named. */
export function malformedAddress(text: string): ApiError {
  return new ApiError("InvalidAddress.Malformed", `The address '${text}' is malformed. Give it in the form xx.xx.xx.xx.`);
}

/** An Elastic IP address that has a reverse name. */
export function addressLocked(address: string): ApiError {
  return new ApiError("InvalidAddress.Locked", `Address '${address}' is locked: take its reverse name away before releasing it.`);
}

/** An Elastic IP address that something still uses. */
export function elasticIpInUse(address: string): ApiError {
  return new ApiError("InvalidIPAddress.InUse", `Address '${address}' is in use.`);
}

/** An address that was the caller's until it was released. */
export function addressNotOwned(address: string): ApiError {
  return new ApiError("AuthFailure", `The address '${address}' does not belong to you.`, 401);
}

/** An Elastic IP address that is associated, by a request that does not want it moved. */
export function elasticIpAssociated(address: string, associationId: string): ApiError {
  return new ApiError("Resource.AlreadyAssociated", `resource ${address} is already associated with associate-id ${associationId}`);
}

/** A private address that the interface already has, or that another one has without reassignment being allowed. */
export function privateAddressAssigned(address: string): ApiError {
  return new ApiError("Resource.AlreadyAssigned", `Address ${address} is already assigned.`);
}

export function privateAddressLimitExceeded(limit: number): ApiError {
  return new ApiError("PrivateIpAddressLimitExceeded", `Number of private addresses will exceed limit of ${limit}.`);
}

/** The same of an interface that is launched with its instance. */
export function launchedAddressLimitExceeded(limit: number): ApiError {
  return new ApiError("InvalidInterface.IpAddressLimitExceeded", `Number of private addresses will exceed limit of ${limit}.`);
}

export function ipv6AddressLimitExceeded(limit: number): ApiError {
  return new ApiError("Ipv6AddressLimitExceeded", `Number of IPv6 addresses will exceed limit of ${limit}.`);
}

/** An IPv6 address where the subnet has no block for any. */
export function subnetHasNoIpv6(subnetId: string): ApiError {
  return new ApiError("InvalidParameterValue", `The subnet with ID '${subnetId}' does not have an IPv6 CIDR block associated with it.`);
}

export function interfaceInUse(id: string): ApiError {
  return new ApiError("InvalidParameterValue", `Network interface '${id}' is currently in use.`);
}

export function interfaceIndexInUse(instanceId: string, index: number): ApiError {
  return new ApiError("InvalidParameterValue", `Instance '${instanceId}' already has an interface attached at device index '${index}'.`);
}

export function interfaceLimitExceeded(count: number, type: string): ApiError {
  return new ApiError("AttachmentLimitExceeded", `Interface count ${count} exceeds the limit for ${type}`);
}

/** An interface that has an instance already. */
export function interfaceNotAvailable(id: string): ApiError {
  return new ApiError("InvalidNetworkInterface.InUse", `Interface: [${id}] in use.`);
}

/** An instance that is not there yet, or not any more, for an address or an interface. */
export function instanceNotValid(id: string, state: string): ApiError {
  return new ApiError("IncorrectInstanceState", `The ${state} instance '${id}' is not in a valid state for this operation.`);
}
