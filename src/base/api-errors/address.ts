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
