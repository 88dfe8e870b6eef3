/** The zone that a request for something of a zone means. */
import { invalidValueOf, parametersExclude } from "../base/api-error.ts";
import { findRegion, zoneIdOf } from "../base/regions.ts";
import type { Tx } from "../store/store.ts";

interface ZoneRequest {
  readonly AvailabilityZone?: string | undefined;
  readonly AvailabilityZoneId?: string | undefined;
}

/** The zone named, by its name or by its id; undefined when the request names none. */
export function findZone(region: string, { AvailabilityZone: name, AvailabilityZoneId: id }: ZoneRequest): string | undefined {
  if (name !== undefined && id !== undefined) throw parametersExclude("availabilityZone", "availabilityZoneId");
  if (name === undefined && id === undefined) return undefined;
  const zones = zonesOf(region);
  const zone = zones.find((each) => each === name || zoneIdOf(each) === id);
  if (zone !== undefined) return zone;
  const known = `Subnets can currently only be created in the following availability zones: ${zones.join(", ")}.`;
  throw name === undefined ? invalidValueOf("availabilityZoneId", id ?? "", known) : invalidValueOf("availabilityZone", name, known);
}

/** The first zone of the region where this installation has hosts; else the region's first. */
export async function chooseZone(tx: Tx, region: string): Promise<string> {
  const host = await tx.db.selectFrom("hosts").select("zone").where("region", "=", region).orderBy("zone").executeTakeFirst();
  return host?.zone ?? zonesOf(region)[0] ?? `${region}a`;
}

function zonesOf(region: string): string[] {
  return (findRegion(region)?.zones ?? []).map((letter) => `${region}${letter}`);
}
