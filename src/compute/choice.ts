/** Parameters whose value is one of a few words. */
import { invalidValueOf } from "../base/api-error.ts";

/** The word that was asked for. Fails when it is none of the values. */
export function requireChoice<T extends string>(parameter: string, values: readonly T[], asked: string): T {
  const value = values.find((each) => each === asked);
  if (value === undefined) throw invalidValueOf(parameter, asked, `Valid values are ${values.join(", ")}.`);
  return value;
}

/** The same for a parameter that may be left out. */
export function findChoice<T extends string>(parameter: string, values: readonly T[], asked: string | undefined): T | null {
  return asked === undefined ? null : requireChoice(parameter, values, asked);
}
