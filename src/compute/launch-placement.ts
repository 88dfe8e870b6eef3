/** Where the instances of one launch go: the zone first, if the request left it open, then a host for each (facts §1.5, §2.5). */
import { insufficientInstanceCapacity, type ApiError } from "../base/api-error.ts";
import { placeMachine, withReservation, type HostOffer, type Need, type Placement } from "../placement/place.ts";

export interface LaunchPlacement {
  readonly zone: string;
  readonly placements: readonly Placement[];
}

/**
 * Between `minCount` and `maxCount` places, all in one zone: of the allowed zones, the one that takes the most, then the emptiest.
 * Fails with the capacity error when no zone takes the minimum.
 */
export function placeLaunch(
  offers: readonly HostOffer[],
  zones: readonly string[],
  need: Need,
  count: { readonly min: number; readonly max: number },
  typeName: string,
): LaunchPlacement {
  const candidates = zones.map((zone) => ({ zone, placements: fill(offers.filter((offer) => offer.zone === zone), need, count.max) }));
  const free = (zone: string) => offers.filter((offer) => offer.zone === zone).reduce((sum, offer) => sum + offer.memoryMib - offer.reservedMemoryMib, 0);
  const best = candidates.toSorted((a, b) => b.placements.length - a.placements.length || free(b.zone) - free(a.zone))[0];
  if (best === undefined || best.placements.length < count.min) throw noCapacity(offers, need, typeName, zones.length === 1 ? zones[0] : undefined);
  return best;
}

function fill(offers: readonly HostOffer[], need: Need, max: number): Placement[] {
  const placements: Placement[] = [];
  let left = offers;
  while (placements.length < max) {
    const placement = placeMachine(left, need);
    if (placement === undefined) break;
    placements.push(placement);
    left = withReservation(left, placement, need);
  }
  return placements;
}

/** The capacity error, naming the zones that do have room for one. */
export function noCapacity(offers: readonly HostOffer[], need: Need, typeName: string, zone: string | undefined): ApiError {
  const roomy = [...new Set(offers.map((offer) => offer.zone))]
    .filter((each) => each !== zone && placeMachine(offers.filter((offer) => offer.zone === each), need) !== undefined)
    .toSorted();
  return insufficientInstanceCapacity(typeName, zone, zone === undefined ? [] : roomy);
}
