/** Errors of managed prefix lists (facts §7.11). */
import { ApiError } from "./class.ts";

export function prefixListVersionMismatch(id: string, given: number | undefined, current: number): ApiError {
  return new ApiError("PrefixListVersionMismatch", `The prefix list ${id} has the version ${current}, not ${given ?? "none"}. Repeat the request with its current version.`);
}

export function prefixListFull(id: string, most: number): ApiError {
  return new ApiError("PrefixListMaxEntriesExceeded", `The prefix list ${id} cannot have more than ${most} entries.`);
}
