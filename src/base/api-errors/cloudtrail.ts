/** Errors of CloudTrail's LookupEvents. */
import { ApiError } from "./class.ts";

export function invalidLookupAttributes(message: string): ApiError {
  return new ApiError("InvalidLookupAttributesException", message);
}

export function invalidLookupMaximum(maximum: number): ApiError {
  return new ApiError("InvalidMaxResultsException", `The maximum number of results must be between 1 and ${maximum}.`);
}

export function invalidTimeRange(): ApiError {
  return new ApiError("InvalidTimeRangeException", "The start time must be before the end time.");
}

export function invalidEventsToken(): ApiError {
  return new ApiError("InvalidNextTokenException", "The token is not one of this lookup, or has expired.");
}

export function invalidEventCategory(category: string): ApiError {
  return new ApiError("InvalidEventCategoryException", `There are no events of the category ${category} here; leave it out for events of management.`);
}
