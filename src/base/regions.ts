/**
 * The public regions and their zones: a region answers whether or not this installation has hosts in it.
 * Zone ids are the region's short form, `-az` and a number (facts §2.1).
 */

export interface RegionFacts {
  readonly name: string;
  /** The short form in zone ids: `use1` in `use1-az1`. */
  readonly short: string;
  /** The zones' letters, in order; the zone id's number is the position, counted from 1. */
  readonly zones: readonly string[];
  readonly optIn: boolean;
}

const abc = ["a", "b", "c"];

function region(name: string, short: string, zones: readonly string[] = abc, optIn = false): RegionFacts {
  return { name, short, zones, optIn };
}

export const regions: readonly RegionFacts[] = [
  region("us-east-1", "use1", ["a", "b", "c", "d", "e", "f"]),
  region("us-east-2", "use2"),
  region("us-west-1", "usw1", ["a", "b"]),
  region("us-west-2", "usw2", ["a", "b", "c", "d"]),
  region("af-south-1", "afs1", abc, true),
  region("ap-east-1", "ape1", abc, true),
  region("ap-northeast-1", "apne1", ["a", "c", "d"]),
  region("ap-northeast-2", "apne2", ["a", "b", "c", "d"]),
  region("ap-northeast-3", "apne3"),
  region("ap-south-1", "aps1"),
  region("ap-south-2", "aps2", abc, true),
  region("ap-southeast-1", "apse1"),
  region("ap-southeast-2", "apse2"),
  region("ap-southeast-3", "apse3", abc, true),
  region("ap-southeast-4", "apse4", abc, true),
  region("ap-southeast-5", "apse5", abc, true),
  region("ap-southeast-7", "apse7", abc, true),
  region("ca-central-1", "cac1", ["a", "b", "d"]),
  region("ca-west-1", "caw1", abc, true),
  region("eu-central-1", "euc1"),
  region("eu-central-2", "euc2", abc, true),
  region("eu-north-1", "eun1"),
  region("eu-south-1", "eus1", abc, true),
  region("eu-south-2", "eus2", abc, true),
  region("eu-west-1", "euw1"),
  region("eu-west-2", "euw2"),
  region("eu-west-3", "euw3"),
  region("il-central-1", "ilc1", abc, true),
  region("me-central-1", "mec1", abc, true),
  region("me-south-1", "mes1", abc, true),
  region("mx-central-1", "mxc1", abc, true),
  region("sa-east-1", "sae1"),
];

/** Where things stand that exist in every region: the images that an installation brings along, and their snapshots. */
export const everyRegion = "*";

const byName = new Map(regions.map((facts) => [facts.name, facts]));

export function findRegion(name: string): RegionFacts | undefined {
  return byName.get(name);
}

/** The zone's id, `use1-az1` for `us-east-1a`, or undefined when the region has no such zone. */
export function zoneIdOf(zoneName: string): string | undefined {
  const facts = byName.get(zoneName.slice(0, -1));
  const position = facts?.zones.indexOf(zoneName.slice(-1)) ?? -1;
  return facts === undefined || position < 0 ? undefined : `${facts.short}-az${position + 1}`;
}

/** The domain of private names: `ec2.internal` in us-east-1, `REGION.compute.internal` elsewhere (facts §7.8). */
export function privateDnsDomain(regionName: string): string {
  return regionName === "us-east-1" ? "ec2.internal" : `${regionName}.compute.internal`;
}

/** The domain of public names: `compute-1.amazonaws.com` in us-east-1, `REGION.compute.amazonaws.com` elsewhere. */
export function publicDnsDomain(regionName: string): string {
  return regionName === "us-east-1" ? "compute-1.amazonaws.com" : `${regionName}.compute.amazonaws.com`;
}
