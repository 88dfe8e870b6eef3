/** Which virtual function a guest gets: pure, from the host's cards as they are now and what others have. */
import { TerminalError } from "../../base/errors.ts";
import { findCardDoubt, findFunctionDoubt, type PassThrough } from "./card-doubt.ts";
import type { PhysicalFunction, VirtualFunction } from "./physical-functions.ts";

export interface CardFunction {
  /** The card's network device. */
  readonly device: string;
  readonly number: number;
  /** `0000:01:10.0` */
  readonly address: string;
}

export interface PresentCard {
  readonly device: string;
  readonly card: PhysicalFunction;
}

/** The smallest table of VLANs among such cards has 32 entries, of which the card's own device takes one. */
export const mostFunctions = 31;
const firstVlan = 3_001;

/** The VLAN that the function has for itself. */
export function functionVlan({ number }: Pick<CardFunction, "number">): number {
  return firstVlan + number;
}

/** Those that guests can have. */
export function usableFunctions({ functions }: PhysicalFunction): readonly VirtualFunction[] {
  return functions.filter((each) => each.number < mostFunctions && findFunctionDoubt(each) === undefined);
}

/** Fails with a TerminalError, whose reason is for the user, when none is left: never is a guest given anything else instead. */
export function chooseFunction(present: readonly PresentCard[], pass: PassThrough, taken: readonly CardFunction[]): CardFunction {
  const isTaken = (address: string) => taken.some((other) => other.address === address);
  const doubts: string[] = [];
  for (const { device, card } of present) {
    const doubt = findCardDoubt(card, pass);
    const free = doubt === undefined ? usableFunctions(card).find(({ address }) => !isTaken(address)) : undefined;
    if (free !== undefined) return { device, number: free.number, address: free.address };
    doubts.push(`${device}: ${doubt?.reason ?? "all are taken"}`);
  }
  throw new TerminalError(present.length === 0 ? "The host has no network card with virtual functions (any more)." : `The host's network cards have no virtual function left (${doubts.join("; ")}).`);
}
