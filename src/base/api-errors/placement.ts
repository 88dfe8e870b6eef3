/** Errors of placement groups, Dedicated Hosts and capacity reservations (facts §2.3, §2.4, §13). */
import { ApiError } from "./class.ts";

export function duplicatePlacementGroup(name: string): ApiError {
  return new ApiError("InvalidPlacementGroup.Duplicate", `The Placement Group '${name}' already exists.`);
}

/** A group by its name, or by an id of the right form. */
export function unknownPlacementGroup(name: string): ApiError {
  return new ApiError("InvalidPlacementGroup.Unknown", `The Placement Group '${name}' is unknown.`);
}

export function placementGroupInUse(name: string): ApiError {
  return new ApiError("InvalidPlacementGroup.InUse", `The placement group '${name}' is in use and may not be deleted.`);
}

/** A cluster is in one zone. */
export function placementGroupInOtherZone(name: string, zone: string): ApiError {
  return new ApiError("InvalidPlacementGroup.InUse", `The placement group '${name}' is in use in another availability zone: ${zone}.`);
}

export function strategyNotSupported(strategy: string, type: string): ApiError {
  const name = `${strategy.charAt(0).toUpperCase()}${strategy.slice(1)}`;
  return new ApiError(
    "InvalidParameterCombination",
    `${name} placement groups are not supported by the '${type}' instance type. Specify a supported instance type or change the placement group strategy, and try again.`,
  );
}

export function invalidTenancy(message: string): ApiError {
  return new ApiError("InvalidTenancy", message);
}

/** A change of tenancy that EC2 does not make. */
export function tenancyChangeNotSupported(from: string, to: string): ApiError {
  return new ApiError("InvalidRequest", `The tenancy of an instance cannot be changed from '${from}' to '${to}'.`);
}

export function invalidAffinity(message: string): ApiError {
  return new ApiError("InvalidAffinity", message);
}

export function hostLimitExceeded(family: string, limit: number): ApiError {
  return new ApiError("HostLimitExceeded", `You have reached the limit of ${limit} Dedicated Hosts of the family ${family} in this region.`);
}

export function insufficientHostCapacity(zone: string): ApiError {
  return new ApiError("InsufficientHostCapacity", `There is not enough capacity to fulfill your Dedicated Host request in ${zone}.`, 500);
}

export function insufficientCapacityOnHost(hostId: string): ApiError {
  return new ApiError("InsufficientCapacityOnHost", `There is not enough capacity on the Dedicated Host '${hostId}' to launch or start the instance.`);
}

export function noValidHost(): ApiError {
  return new ApiError("UnavailableHostRequirements", "There are no valid Dedicated Hosts available on which you can launch an instance.");
}

export function typeNotOnHost(type: string, hostId: string): ApiError {
  return new ApiError("UnsupportedInstanceTypeOnHost", `The instance type '${type}' is not supported on the Dedicated Host '${hostId}'.`);
}

export function unsupportedHostConfiguration(message: string): ApiError {
  return new ApiError("UnsupportedHostConfiguration", message);
}

/** A Dedicated Host elsewhere than the subnet or zone of the request. */
export function zonesMismatched(hostId: string, zone: string): ApiError {
  return new ApiError("ZonesMismatched", `The Dedicated Host '${hostId}' is in the Availability Zone ${zone}, which is not the one requested.`);
}

export function invalidHostState(hostId: string, state: string): ApiError {
  return new ApiError("InvalidHostState", `The Dedicated Host '${hostId}' is in the state '${state}'.`);
}

/** Also the code that ReleaseHosts gives for each host that it leaves alone. */
export function hostOccupied(hostId: string): ApiError {
  return new ApiError("Client.InvalidHost.Occupied", `Dedicated host '${hostId}' cannot be released as it is occupied.`);
}

export function reservationCapacityExceeded(id: string): ApiError {
  return new ApiError("ReservationCapacityExceeded", `The Capacity Reservation '${id}' does not have sufficient available capacity to fulfill the request.`);
}

export function reservationNotInState(id: string, state: string): ApiError {
  return new ApiError("InvalidCapacityReservationState", `The Capacity Reservation '${id}' is in the state '${state}'.`);
}
